"""Several processes train as one does."""

from pathlib import Path

import pytest
import torch
from launching import distance, torchrun
from recipes import miniature
from torch import Tensor

from restora.checkpoints import load_model
from restora.errors import RestoraError
from restora.training import Recipe, Trainer
from restora.training.checkpoint import load_checkpoint
from restora.training.processes import build_accelerator, divides

# What each of the processes runs: a run of two stages, the same with divided weights, the same with a signal to the
# second process alone, which is then resumed, and one that only the second process sees fail.
PROGRAM = """
import os, signal, sys
from pathlib import Path
import torch
from accelerate import Accelerator
from torch.distributed import get_rank, get_world_size
from test_processes import kept_gradients
from restora.errors import RestoraError
from restora.training import Recipe, Trainer
from restora.training.export import export_weights
torch.set_num_threads(1)
Accelerator.end_training = lambda self: None  # a launch trains once; here it stays for the next run
folder = Path(sys.argv[1])
plan = Recipe.model_validate_json((folder / "plan.json").read_text())

gradients = kept_gradients(Trainer(plan, folder / "whole"))
print(f"{get_world_size()} processes")
if get_rank() == 0:
    torch.save(gradients, folder / "gradients.pt")

trainer = Trainer(plan.model_copy(update={"fsdp": True}), folder / "divided")
assert trainer.run()
assert all(parameter.to_local().numel() < parameter.numel() for parameter in trainer.network.parameters() if len(parameter) > 1)
if get_rank() == 0:
    export_weights(trainer)

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
    printed = torchrun(PROGRAM, tmp_path)
    assert printed.count("2 processes") == 2
    assert printed.count("refused") == 2

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

    # What was divided among two is read by one, and is what it would be undivided.
    trainer = Trainer(plan, tmp_path / "divided")
    trainer.resume()
    assert trainer.step == 4
    assert trainer.best == pytest.approx(end.best, abs=0.01)
    fresh = Trainer(plan, tmp_path / "fresh").network.state_dict()
    moved = distance(end.network, fresh)
    assert distance(trainer.network.state_dict(), end.network) < 0.01 * moved
    assert distance(trainer.ema.averages, end.ema) < 0.01 * moved
    moments = trainer.optimizer.state_dict()["state"]
    stored = end.optimizer["state"]
    assert all(moments[number]["step"] == values["step"] for number, values in stored.items())
    apart = {number: distance(moments[number], values) for number, values in stored.items()}
    norms = {number: float(values["exp_avg"].norm()) for number, values in stored.items()}
    assert sum(apart.values()) < 0.02 * sum(norms.values())
    # A gradient near zero is a difference of large sums, whose order the library of products chooses.
    assert all(apart[number] < 0.2 * norm for number, norm in norms.items())
    exported = load_model(tmp_path / "divided/miniature.safetensors").state_dict()
    assert all(
        torch.equal(value, trainer.ema.averages[name].half().float()) for name, value in exported.items()
    )
    best = load_model(tmp_path / "divided/last.pt").state_dict()  # as any weights are read
    assert all(torch.equal(value, trainer.ema.averages[name]) for name, value in best.items())
    names = {path.name.partition("-")[0] for path in (tmp_path / "divided").glob("*.parts")}
    assert names == {"last", "best"}
    assert len(list((tmp_path / "divided").glob("*.parts"))) == 2


def test_what_is_configured_for_fsdp_is_taken_or_refused(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not divides(miniature(photos))
    assert divides(miniature(photos, fsdp=True))
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(
        RestoraError, match="fsdp_version: 1 is not supported; choose 2 in `accelerate config`"
    ):
        divides(miniature(photos))
    monkeypatch.setenv("FSDP_VERSION", "2")
    assert divides(miniature(photos))
    monkeypatch.setenv("FSDP_OFFLOAD_PARAMS", "true")
    with pytest.raises(RestoraError, match="fsdp_offload_params: true is not supported; choose false"):
        divides(miniature(photos))


def test_missing_trackers_are_named(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restora.training.processes.find_spec", lambda name: None)
    with pytest.raises(RestoraError, match="wandb is not installed; pip install wandb"):
        build_accelerator(miniature(photos, track=["wandb"]), tmp_path)


def test_runs_of_one_process_may_differ_in_precision(tmp_path: Path, photos: Path) -> None:
    for precision, wanted in (("bfloat16", "bf16"), ("float32", "no"), ("bfloat16", "bf16")):
        plan = miniature(photos, precision=precision)
        assert build_accelerator(plan, tmp_path).mixed_precision == wanted
