"""Weights divided among processes: every network and optimiser, other numbers of processes, damage on the disk."""

import json
from pathlib import Path

import pytest
import torch
from launching import distance, torchrun
from recipes import CHAIR, miniature

from restora.errors import RestoraError
from restora.training import Recipe, Trainer
from restora.training.checkpoint import TrainingCheckpoint, load_checkpoint, save_checkpoint
from restora.training.sharded_checkpoint import read_parts, remove_parts

BOTH_WAYS = """
import json, sys
from pathlib import Path
import torch
from accelerate import Accelerator
from restora.training import Recipe, Trainer
torch.set_num_threads(1)
Accelerator.end_training = lambda self: None
folder = Path(sys.argv[1])
for name, plan in json.loads((folder / "plans.json").read_text()).items():
    for way in ("whole", "divided"):
        trainer = Trainer(Recipe.model_validate(plan | {"fsdp": way == "divided"}), folder / name / way)
        if name.endswith("scaled"):
            trainer.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
        assert trainer.run()
"""
UNTIL = """
import os, signal, sys
from pathlib import Path
import torch
from restora.training import Recipe, Trainer
torch.set_num_threads(1)
folder, until, run = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
def stop(step, words):
    if step == until and not words:
        os.kill(os.getpid(), signal.SIGTERM)
trainer = Trainer(Recipe.model_validate_json((folder / "plan.json").read_text()), run, progress=stop)
if (run / "last.pt").exists():
    trainer.resume()
assert not trainer.run()
assert trainer.step == until, trainer.step
print("compiled", torch._dynamo.utils.counters["stats"]["unique_graphs"])
"""


def plan(photos: Path, architecture: str = "chair", **changes: object) -> Recipe:
    """Two steps, and one of a stage with an optimiser of its own."""
    folders = {"degraded": str(photos), "clean": str(photos)}
    single = architecture in ("kit", "dinat_ir")
    values = {
        "model": CHAIR if architecture == "chair" else {"architecture": architecture, "variant": "tiny"},
        "data": {"kind": "pairs", **folders},
        "degradation": None,
        "losses": [{"kind": "charbonnier"}],
        "scale_weights": [1] if single else [1, 1, 1],
        "optimizer": {"learning_rate": 1e-3, "warmup": 0},
        "stages": [
            {"steps": 2, "patch": 32, "batch": 4},
            {"steps": 1, "patch": 32, "batch": 4, "learning_rate": 1e-3},
        ],
    }
    return miniature(None, **(values | changes))


@pytest.mark.slow
def test_divided_weights_become_those_of_data_parallelism(photos: Path, tmp_path: Path) -> None:
    muon = {"optimizer": {"kind": "muon", "learning_rate": 1e-3, "warmup": 0, "weight_decay": 0.01}}
    memory = {"accumulate": 2, "checkpoint_activations": True}
    plans = {name: plan(photos, name) for name in ("chair", "kit", "dinat_ir", "derestormer")}
    plans |= {f"{name}-muon": plan(photos, name, **muon) for name in ("chair", "dinat_ir")}
    plans |= {f"{name}-memory": plan(photos, name, **memory) for name in ("kit", "derestormer")}
    plans |= {"chair-bfloat16": plan(photos, precision="bfloat16"), "chair-scaled": plan(photos)}
    plans["chair-muon-scaled"] = plan(photos, **muon)
    (tmp_path / "plans.json").write_text(
        json.dumps({name: values.model_dump(mode="json") for name, values in plans.items()})
    )
    torchrun(BOTH_WAYS, tmp_path)
    for name, recipe in plans.items():
        recipe = recipe.model_copy(update={"precision": "float32"})  # one process has but one precision
        fresh = Trainer(recipe, tmp_path / "fresh").network.state_dict()
        ends = []
        for way in ("whole", "divided"):
            trainer = Trainer(recipe, tmp_path / name / way)
            trainer.resume()
            ends.append(trainer.network.state_dict())
        moved, apart = distance(ends[0], fresh), distance(*ends)
        assert moved > 0.01, name
        # Adam takes whole steps from gradients that are nearly 0, and float errors decide where to.
        assert apart < 0.05 * moved, (name, apart, moved)


@pytest.mark.slow
def test_a_divided_state_goes_on_in_any_number_of_processes(photos: Path, tmp_path: Path) -> None:
    recipe = plan(photos, "derestormer", fsdp=True, stages=[{"steps": 6, "patch": 16, "batch": 6}])
    (tmp_path / "plan.json").write_text(recipe.model_dump_json())
    torchrun(UNTIL, tmp_path, 2, tmp_path / "run", processes=2)
    torchrun(UNTIL, tmp_path, 4, tmp_path / "run", processes=3)
    trainer = Trainer(recipe, tmp_path / "run")
    trainer.resume()
    assert trainer.run()
    single = Trainer(recipe, tmp_path / "single")
    fresh = {name: value.clone() for name, value in single.network.state_dict().items()}
    assert single.run()
    one, many = (load_checkpoint(tmp_path / name / "last.pt") for name in ("single", "run"))
    assert not many.parts  # one process divides nothing,
    assert not list((tmp_path / "run").glob("*.parts"))  # and clears up what the others did
    assert distance(one.network, many.network) < 0.02 * distance(one.network, fresh)


SMALL = {
    "kit": {"width": 8, "blocks": [1, 1, 1, 1]},
    "dinat_ir": {
        "width": 8,
        "blocks": [1, 1, 1, 1],
        "refinement_blocks": 1,
        "heads": [1, 1, 2, 2],
        "dilations": [2, 2, 2, 1],
    },
    "derestormer": {"width": 4, "blocks": [1, 1, 1], "kernels": [3, 3, 3]},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "stops", "recomputed"),
    [
        ("chair", (2, 5), False),
        ("chair", (2, 5), True),
        ("kit", (3,), False),
        ("dinat_ir", (3,), False),
        ("derestormer", (3,), False),
    ],
)
def test_compiled_blocks_are_divided_and_go_on(
    photos: Path, tmp_path: Path, architecture: str, stops: tuple[int, ...], recomputed: bool
) -> None:
    small = {"architecture": architecture, "variant": "tiny", "overrides": SMALL.get(architecture, {})}
    changes = {} if architecture == "chair" else {"model": small}
    stages = [{"steps": 6, "patch": 32, "batch": 4}]
    recipe = plan(
        photos, architecture, fsdp=True, checkpoint_activations=recomputed, stages=stages, **changes
    )
    for name, compiled, steps in (("plain", False, stops[-1:]), ("compiled", True, stops)):
        (tmp_path / "plan.json").write_text(recipe.model_copy(update={"compile": compiled}).model_dump_json())
        for step in steps:
            printed = torchrun(UNTIL, tmp_path, step, tmp_path / name)
            assert ("compiled 0" in printed) is not compiled
    fresh = Trainer(recipe, tmp_path / "fresh").network.state_dict()
    ends = []
    for name in ("plain", "compiled"):
        trainer = Trainer(recipe, tmp_path / name)
        trainer.resume()
        assert trainer.step == stops[-1]
        ends.append(trainer.network.state_dict())
    assert distance(*ends) < 0.02 * distance(ends[0], fresh)


def test_parts_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    network = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    files = {"last-3-ab.parts/shard-00001-model-00001-of-00001.safetensors": 5}
    state = TrainingCheckpoint(
        3, {"weight": torch.empty(0)}, {}, 3, optimizer.state_dict(), "{}", parts=files
    )
    save_checkpoint(tmp_path / "last.pt", state)
    with pytest.raises(RestoraError, match=r"last-3-ab.parts/shard-.*missing or damaged; copy it again"):
        read_parts(tmp_path / "last.pt", load_checkpoint(tmp_path / "last.pt"), network, optimizer)
    (tmp_path / "last-3-ab.parts").mkdir()
    (tmp_path / next(iter(files))).write_bytes(b"something else")
    with pytest.raises(RestoraError, match="missing or damaged"):
        read_parts(tmp_path / "last.pt", state, network, optimizer)
    (tmp_path / "last-1-cd.parts").mkdir()
    (tmp_path / "best-1-cd.parts").mkdir()
    remove_parts(tmp_path / "last.pt", keep=set(files))
    assert {path.name for path in tmp_path.glob("*.parts")} == {"last-3-ab.parts", "best-1-cd.parts"}
