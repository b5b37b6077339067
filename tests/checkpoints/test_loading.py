"""A file of weights is read once, whatever is then done with it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from restora.checkpoints import convert_checkpoint, load_model, read_checkpoint, to_official_state_dict
from restora.networks import ARCHITECTURES, create_model


@pytest.fixture
def official(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = create_model("dinat_ir", "tiny")
    torch.save({"params": to_official_state_dict(model)}, tmp_path / "net_g.pth")
    return tmp_path / "net_g.pth"


@pytest.mark.parametrize("use", [load_model, lambda path: convert_checkpoint(path, path.parent / "out")])
def test_an_official_file_is_read_once_and_recognised_once(
    official: Path, use: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, looks = [], []
    read, arch = torch.load, ARCHITECTURES["dinat_ir"]

    def counted_read(*arguments: Any, **options: Any) -> Any:
        reads.append(arguments)
        return read(*arguments, **options)

    def counted_look(state: dict[str, torch.Tensor]) -> dict[str, Any]:
        if next(iter(state.values())).device.type != "meta":  # named variants are looked at without values
            looks.append(state)
        return arch.hyper_parameters(state)

    monkeypatch.setattr(torch, "load", counted_read)
    monkeypatch.setitem(ARCHITECTURES, "dinat_ir", replace(arch, hyper_parameters=counted_look))
    use(official)
    assert (len(reads), len(looks)) == (1, 1)


def test_a_checkpoint_says_what_it_is(official: Path) -> None:
    checkpoint = read_checkpoint(official)
    assert checkpoint.architecture is ARCHITECTURES["dinat_ir"]
    assert checkpoint.variant == "tiny"
    assert checkpoint.config == ARCHITECTURES["dinat_ir"].variants["tiny"]
    assert checkpoint.weights.keys() == checkpoint.network().state_dict().keys()
    assert (checkpoint.card, checkpoint.training) == (None, None)
    assert checkpoint.network(dilations=(1, 1, 1, 1)).config.dilations == (1, 1, 1, 1)


def test_converting_again_keeps_what_only_the_card_knows(tmp_path: Path) -> None:
    torch.save(create_model("dinat_ir", "tiny").state_dict(), tmp_path / "mine.pth")
    first = convert_checkpoint(tmp_path / "mine.pth", tmp_path / "first")
    card = json.loads(first.with_suffix(".json").read_text())
    card["config"]["dilations"] = [3, 2, 1, 1]  # neither keys nor shapes tell
    first.with_suffix(".json").write_text(json.dumps(card))
    second = convert_checkpoint(first, tmp_path / "second")
    assert load_model(second).config.dilations == (3, 2, 1, 1)
