"""Weights of every registered network, from the authors' files and back, and through restora's own."""

from pathlib import Path

import pytest
import torch
from models import MODELS, SMALL

from restora.checkpoints import convert_checkpoint, convert_state_dict, load_model, to_official_state_dict
from restora.errors import RestoraError
from restora.networks import RestorationNetwork, architecture, create_model

pytestmark = pytest.mark.usefixtures("toy_network")


def randomised(name: str) -> RestorationNetwork:
    torch.manual_seed(0)
    model = create_model(*name.split("/")).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.1)
    return model


@pytest.mark.parametrize("name", SMALL)
def test_official_files_give_the_same_network(name: str, tmp_path: Path) -> None:
    model = randomised(name)
    torch.save(
        {"params": {f"module.{k}": v for k, v in to_official_state_dict(model).items()}}, tmp_path / "a.pth"
    )
    loaded = load_model(tmp_path / "a.pth")
    assert loaded.config == model.config
    assert not loaded.training
    for key, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)


@pytest.mark.parametrize("name", SMALL)
def test_files_under_our_own_keys_too_and_their_conversion(name: str, tmp_path: Path) -> None:
    model = randomised(name)
    torch.save(model.state_dict(), tmp_path / "mine.pth")
    loaded = load_model(convert_checkpoint(tmp_path / "mine.pth", tmp_path / "out", task="denoise"))
    assert f"{loaded.card.architecture}/{loaded.card.variant}" == name
    assert loaded.card.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert loaded.config == model.config
    for key, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)


@pytest.mark.parametrize("name", MODELS)
def test_no_two_keys_have_one_official_name(name: str) -> None:
    with torch.device("meta"):
        ours = create_model(*name.split("/")).state_dict()
    assert len({architecture(name.split("/")[0]).official_name(key) for key in ours}) == len(ours)


@pytest.mark.parametrize("name", SMALL)
def test_keys_missing_and_left_over_are_named(name: str) -> None:
    official = to_official_state_dict(randomised(name))
    lost = next(reversed(official))
    official["never.seen"] = official.pop(lost)
    with pytest.raises(
        RestoraError, match=rf"1 keys \({lost}\) are missing and 1 keys \(never.seen\) left over"
    ):
        convert_state_dict(name.split("/")[0], official)
