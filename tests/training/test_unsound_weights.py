"""Weights that are not finite, and states of other trainings, end in a line and are not given away."""

from pathlib import Path

import pytest
import torch
from recipes import CHAIR, miniature, write_photos

from restora.checkpoints import WeightsCard, convert_checkpoint, save_weights
from restora.errors import RestoraError
from restora.networks import create_model
from restora.training import Trainer
from restora.training.export import export_weights

ONE_STEP = {"stages": [{"steps": 1, "patch": 16, "batch": 4}]}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


def test_weights_that_the_last_step_has_spoilt_are_not_saved(photos: Path, tmp_path: Path) -> None:
    plan = miniature(photos, optimizer={"learning_rate": 1e39, "warmup": 0}, **ONE_STEP)
    with pytest.raises(RestoraError, match="the weights are not finite after step 1"):
        Trainer(plan, tmp_path).run()
    assert not (tmp_path / "last.pt").exists()


def test_weights_with_answers_that_are_not_finite_are_not_exported(photos: Path, tmp_path: Path) -> None:
    trainer = Trainer(miniature(photos, **ONE_STEP), tmp_path)
    trainer.run()
    for value in trainer.ema.averages.values():
        if value.is_floating_point():
            value.fill_(1e30)  # finite itself
    with pytest.raises(RestoraError, match="restore a picture to values that are not finite"):
        export_weights(trainer)
    assert not list(tmp_path.glob("*.safetensors"))


@pytest.mark.parametrize("value", [float("nan"), 1e30])
def test_such_checkpoints_are_not_converted(tmp_path: Path, value: float) -> None:
    state = create_model("chair", "tiny", **CHAIR["overrides"]).state_dict()
    state = {
        key: torch.full_like(each, value) if each.is_floating_point() else each for key, each in state.items()
    }
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(
        RestoraError, match=r"w.pth: the weights restore a picture to values that are not finite"
    ):
        convert_checkpoint(tmp_path / "w.pth", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_values_beyond_the_type_are_not_stored(tmp_path: Path) -> None:
    card = WeightsCard(
        name="w", task="denoise", architecture="chair", variant="tiny", config={}, parameters=1, precision="float16",
        licence="", description="", sha256="",
    )  # fmt: skip
    with pytest.raises(RestoraError, match=r"w: 1 keys \(a\) hold values that are not finite in float16"):
        save_weights(tmp_path, {"a": torch.tensor([1e6]), "b": torch.tensor([1.0])}, card)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": {}},
        {"optimizer": {"state": 5, "param_groups": None}},
        {"network": {}},
        {"ema": None},
        {"recipe": "{}"},
        {"recipe": "["},
    ],
)
def test_states_of_other_trainings_are_not_gone_on_from(
    photos: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    plan = miniature(photos, **ONE_STEP)
    Trainer(plan, tmp_path).run()
    content = torch.load(tmp_path / "last.pt", weights_only=True)
    torch.save(content | change, tmp_path / "last.pt")
    with pytest.raises(
        RestoraError, match=r"last.pt: not the state of a training by this recipe, or damaged"
    ):
        Trainer(plan, tmp_path).resume()


def test_a_run_with_another_optimizer_is_not_gone_on_from(photos: Path, tmp_path: Path) -> None:
    Trainer(miniature(photos, **ONE_STEP), tmp_path).run()
    other = miniature(photos, optimizer={"kind": "muon"}, **ONE_STEP)
    with pytest.raises(RestoraError, match=r"last.pt: not the state of a training by this recipe"):
        Trainer(other, tmp_path).resume()
