"""``best.pt`` of a training run is a file of weights like any other."""

from pathlib import Path

import pytest
import torch
from recipes import miniature

from restora.checkpoints import convert_checkpoint, load_model
from restora.errors import RestoraError
from restora.networks import create_model
from restora.training.checkpoint import TrainingCheckpoint, save_checkpoint

DINAT = {
    "architecture": "dinat_ir",
    "variant": "tiny",
    "overrides": {"width": 4, "dilations": [3, 2, 1, 1], "heads": [1, 1, 1, 1]},
}


@pytest.fixture
def best(tmp_path: Path) -> Path:
    recipe = miniature(None, model=DINAT, scale_weights=[1.0])
    torch.manual_seed(0)
    last, averaged = (create_model("dinat_ir", "tiny", **DINAT["overrides"]) for _ in range(2))
    state = TrainingCheckpoint(
        7, last.state_dict(), averaged.state_dict(), 7, {}, recipe.model_dump_json(), 30.0
    )
    save_checkpoint(tmp_path / "best.pt", state)
    torch.save(averaged.state_dict(), tmp_path / "averaged.pth")
    return tmp_path / "best.pt"


def test_a_run_is_loaded_with_its_averaged_weights_and_its_own_configuration(best: Path) -> None:
    model = load_model(best)
    assert model.config.dilations == (3, 2, 1, 1)  # which no key and no shape can tell
    averaged = torch.load(best.parent / "averaged.pth", weights_only=True)
    assert all(torch.equal(value, averaged[key]) for key, value in model.state_dict().items())


def test_a_run_is_converted_under_the_name_and_task_of_its_recipe(best: Path, tmp_path: Path) -> None:
    path = convert_checkpoint(best, tmp_path / "out")
    assert path.name == "miniature.safetensors"
    model = load_model(path)
    assert (model.card.task, model.card.steps, model.card.variant) == ("denoise", 7, "tiny")
    assert model.config == load_model(best).config
    x = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(model(x), load_model(best)(x))


def test_a_damaged_recipe_is_named(best: Path) -> None:
    content = torch.load(best, weights_only=True)
    torch.save(content | {"recipe": "{}"}, best)
    with pytest.raises(RestoraError, match=r"best.pt: the recipe in this training checkpoint is damaged"):
        load_model(best)
