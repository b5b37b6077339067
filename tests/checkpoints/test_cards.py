import json
from pathlib import Path

import pytest
import torch

from restora.checkpoints import Score, WeightsCard, load_model, read_tensors, save_weights
from restora.checkpoints.cards import read_card
from restora.errors import RestoraError
from restora.networks import create_model


def card(**changes: object) -> WeightsCard:
    values = {
        "name": "test-chair",
        "task": "denoise",
        "architecture": "chair",
        "variant": "tiny",
        "config": {"width": 4, "blocks": [1, 1, 1], "attention": [False, False, True]},
        "parameters": 1,
        "precision": "float16",
        "licence": "Apache-2.0",
        "description": "for a test",
        "recipe": "none",
        "steps": 1,
        "images_seen": 1,
        "seconds": 0.0,
        "data": "none",
        "commit": "0",
        "date": "2026-01-01",
        "scores": [Score(benchmark="b", protocol="p", psnr=1.0)],
        "sha256": "",
    }
    return WeightsCard.model_validate(values | changes)


def saved(folder: Path) -> Path:
    model = create_model("chair", "tiny", width=4, blocks=(1, 1, 1))
    return save_weights(folder, model.state_dict(), card())


def test_round_trip_in_half_precision(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = saved(tmp_path)
    torch.manual_seed(0)
    original = create_model("chair", "tiny", width=4, blocks=(1, 1, 1))
    model = load_model(path)
    assert model.card.task == "denoise"
    assert model.config == original.config
    for name, value in original.state_dict().items():
        assert model.state_dict()[name].dtype == value.dtype
        torch.testing.assert_close(model.state_dict()[name], value, rtol=1e-3, atol=1e-6)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["test-chair.json", "test-chair.safetensors"]


def test_weights_that_are_not_the_cards_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(RestoraError, match="not the file that its card"):
        load_model(path)


def test_cards_are_strict(tmp_path: Path) -> None:
    path = saved(tmp_path).with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"stars": 5}))
    with pytest.raises(RestoraError, match=r"test-chair.json: not a weights card \(stars: Extra inputs"):
        read_card(path)


def test_unknown_names_list_what_there_is() -> None:
    with pytest.raises(RestoraError, match="no such weights in the package; there are: "):
        load_model("denoise-everything")


def test_the_same_weights_are_the_same_file(tmp_path: Path) -> None:
    path = saved(tmp_path)
    tensors = read_tensors(path)
    again = {save_weights(tmp_path / str(number), tensors, card()).read_bytes() for number in range(8)}
    assert again == {path.read_bytes()}
