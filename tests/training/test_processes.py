"""Several processes train as one does."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from recipes import miniature
from torch import Tensor

from restora.errors import RestoraError
from restora.training import Recipe, Trainer
from restora.training.checkpoint import load_checkpoint
from restora.training.processes import build_accelerator

# What each of the processes runs: a run of two stages, the same with a signal to the second process alone, which is
# then resumed, and one that only the second process sees fail.
PROGRAM = """
import os, signal, sys
from pathlib import Path
import torch
from accelerate import Accelerator
from torch.distributed import get_rank, get_world_size
sys.path[:0] = sys.argv[2:]
from test_processes import kept_gradients
from restora.errors import RestoraError
from restora.training import Recipe, Trainer
torch.set_num_threads(1)
Accelerator.end_training = lambda self: None  # a launch trains once; here it stays for the next run
folder = Path(sys.argv[1])
plan = Recipe.model_validate_json((folder / "plan.json").read_text())

gradients = kept_gradients(Trainer(plan, folder / "whole"))
print(f"{get_world_size()} processes")
if get_rank() == 0:
    torch.save(gradients, folder / "gradients.pt")

trainer = Trainer(plan, folder / "pieces")
taking = trainer._train_step
def signalled(*arguments):
    if get_rank() == 1 and trainer.step == 1:
        os.kill(os.getpid(), signal.SIGTERM)
    return taking(*arguments)
trainer._train_step = signalled
assert not trainer.run()
assert trainer.step == 2, trainer.step
trainer = Trainer(plan, folder / "pieces")
trainer.resume()
assert trainer.run()

trainer = Trainer(plan, folder / "poisoned")
once = trainer._pairs
def poisoned(*arguments):
    degraded, clean = once(*arguments)
    return degraded, clean * float("nan") if get_rank() == 1 else clean
trainer._pairs = poisoned
try:
    trainer.run()
except RestoraError as error:
    assert "the loss is nan in step 1" in str(error), error
    print("refused")
"""


def kept_gradients(trainer: Trainer) -> list[dict[str, Tensor]]:
    """Run a trainer and return the gradients of each step."""
    steps: list[dict[str, Tensor]] = []
    # Of the class, since the optimiser is another one in each stage.
    taking = torch.optim.AdamW.step

    def keeping(self: torch.optim.AdamW, *arguments: object) -> object:
        steps.append(
            {
                name: p.grad.detach().clone()
                for name, p in trainer.network.named_parameters()
                if p.grad is not None
            }
        )
        return taking(self, *arguments)

    torch.optim.AdamW.step = keeping
    try:
        assert trainer.run()
    finally:
        torch.optim.AdamW.step = taking
    return steps


def pairs_plan(photos: Path) -> Recipe:
    # Pairs, since what is degraded on the fly is drawn by each process for itself; no batch norm.
    folders = {"degraded": str(photos), "clean": str(photos)}
    return miniature(
        None,
        model={"architecture": "derestormer", "variant": "tiny"},
        data={"kind": "pairs", **folders},
        degradation=None,
        losses=[{"kind": "charbonnier"}],
        scale_weights=[1, 1, 1],
        optimizer={"clip": None, "warmup": 0},
        stages=[
            {"steps": 3, "patch": 16, "batch": 8},
            {"steps": 1, "patch": 32, "batch": 4, "learning_rate": 1e-4},
        ],
        validation={**folders, "every": 2, "samples": 2},
    )


def test_two_processes_train_as_one_and_stop_together(tmp_path: Path, photos: Path) -> None:
    plan = pairs_plan(photos)
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    (tmp_path / "program.py").write_text(PROGRAM)
    launch = "torch.distributed.run --standalone --nproc_per_node=2"
    here = Path(__file__).parent
    arguments = [str(path) for path in (tmp_path / "program.py", tmp_path, here, here.parent)]
    done = subprocess.run(
        [sys.executable, "-m", *launch.split(), *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("2 processes") == 2
    assert done.stdout.count("refused") == 2

    single = Trainer(plan, tmp_path / "one")
    one, two = kept_gradients(single), torch.load(tmp_path / "gradients.pt", weights_only=True)
    assert len(one) == len(two) == 4
    largest = max(float(gradient.abs().max()) for gradient in one[0].values())
    for name, gradient in one[0].items():
        torch.testing.assert_close(two[0][name], gradient, rtol=1e-3, atol=1e-6 * largest, msg=name)
    for step in (1, 2, 3):  # whose weights differ already by the rounding of the steps before
        whole = torch.cat([gradient.flatten() for gradient in one[step].values()])
        shared = torch.cat([gradient.flatten() for gradient in two[step].values()])
        assert float((whole - shared).norm() / whole.norm()) < 0.02

    end, pieces = (load_checkpoint(tmp_path / name / "last.pt") for name in ("whole", "pieces"))
    assert pieces.step == 4
    assert all(torch.equal(value, pieces.network[name]) for name, value in end.network.items())
    assert all(torch.equal(value, pieces.ema[name]) for name, value in end.ema.items())
    assert end.best == pytest.approx(load_checkpoint(tmp_path / "one/last.pt").best, abs=0.05)
    assert len(list((tmp_path / "whole/samples").iterdir())) == 2
    assert not (tmp_path / "poisoned/last.pt").exists()


def test_missing_trackers_are_named(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restora.training.processes.find_spec", lambda name: None)
    with pytest.raises(RestoraError, match="wandb is not installed; pip install wandb"):
        build_accelerator(miniature(photos, track=["wandb"]), tmp_path)
