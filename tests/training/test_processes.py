"""Several processes train as one does."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from recipes import miniature

from restora.errors import RestoraError
from restora.training.processes import build_accelerator

PROGRAM = """
import sys, torch
from pathlib import Path
from restora.training import Recipe, Trainer
torch.set_num_threads(1)
folder = Path(sys.argv[1])
trainer = Trainer(Recipe.model_validate_json((folder / "plan.json").read_text()), folder / sys.argv[2])
kept = {}
step = torch.optim.AdamW.step
def stepping(self, *arguments, **settings):
    for name, parameter in trainer.network.named_parameters():
        kept[name] = parameter.grad.detach().clone()
    return step(self, *arguments, **settings)
torch.optim.AdamW.step = stepping
trainer.run()
if trainer.accelerator.is_main_process:
    print(trainer.accelerator.num_processes, trainer.accelerator.distributed_type)
    torch.save(kept, folder / f"{sys.argv[2]}.pt")
"""


def test_two_processes_have_the_gradients_of_one(tmp_path: Path, photos: Path) -> None:
    # Pairs, since what is degraded on the fly is drawn by each process for itself; no batch norm.
    plan = miniature(
        None,
        model={"architecture": "derestormer", "variant": "tiny"},
        data={"kind": "pairs", "degraded": str(photos), "clean": str(photos)},
        degradation=None,
        losses=[{"kind": "charbonnier"}],
        scale_weights=[1, 1, 1],
        optimizer={"clip": None},
        stages=[{"steps": 1, "patch": 16, "batch": 8}],
    )
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    (tmp_path / "program.py").write_text(PROGRAM)
    program = [str(tmp_path / "program.py"), str(tmp_path)]
    single = [sys.executable, *program, "one"]
    launch = "torch.distributed.run --standalone --nproc_per_node=2"
    double = [sys.executable, "-m", *launch.split(), *program, "two"]
    for command, processes in ((single, "1 "), (double, "2 ")):
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.startswith(processes)
    one, two = (torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("one", "two"))
    assert one.keys() == two.keys()
    largest = max(float(gradient.abs().max()) for gradient in one.values())
    for name, gradient in one.items():
        torch.testing.assert_close(two[name], gradient, rtol=1e-3, atol=1e-6 * largest, msg=name)


def test_missing_trackers_are_named(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restora.training.processes.find_spec", lambda name: None)
    with pytest.raises(RestoraError, match="wandb is not installed; pip install wandb"):
        build_accelerator(miniature(photos, track=["wandb"]), tmp_path)
