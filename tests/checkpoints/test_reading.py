import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from restora.checkpoints import convert_checkpoint, read_tensors
from restora.errors import RestoraError
from restora.networks import create_model


class Trap:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


def test_code_in_a_file_is_refused_and_never_runs(tmp_path: Path) -> None:
    torch.save({"model": {"a": torch.zeros(1)}, "args": Trap(tmp_path / "ran")}, tmp_path / "evil.pth")
    with pytest.raises(RestoraError, match=r"evil.pth: refused, because reading it could run code"):
        read_tensors(tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"w{suffix}"
    state = {"a": torch.arange(1000.0)}
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    assert torch.equal(read_tensors(path)["a"], state["a"])
    path.write_bytes(path.read_bytes()[:-1500])
    with pytest.raises(RestoraError, match=r"w\.\w+: not a .* damaged"):
        read_tensors(path)


def test_missing_and_empty(tmp_path: Path) -> None:
    with pytest.raises(RestoraError, match="no such file of weights"):
        read_tensors(tmp_path / "none.pth")
    torch.save({"epoch": 3}, tmp_path / "none.pth")
    with pytest.raises(RestoraError, match="holds no state dict"):
        read_tensors(tmp_path / "none.pth")


def test_a_part_called_model_is_no_prefix_unless_all_share_it(tmp_path: Path) -> None:
    torch.save({"model.a": torch.zeros(1), "b": torch.zeros(1)}, tmp_path / "w.pth")
    assert sorted(read_tensors(tmp_path / "w.pth")) == ["b", "model.a"]


def write_safetensors(folder: Path) -> Path:
    network = create_model("chair", "tiny", width=4, blocks=(1, 1, 1), attention=(False, False, True))
    torch.save(network.state_dict(), folder / "raw.pth")
    path = convert_checkpoint(folder / "raw.pth", folder, name="tiny")
    path.with_suffix(".json").unlink()
    return path


def write_torch(folder: Path) -> Path:
    torch.save({"params": {f"layer.{n}": torch.randn(9, 9) for n in range(20)}}, folder / "a.pth")
    return folder / "a.pth"


@pytest.mark.parametrize("write", [write_safetensors, write_torch])
def test_a_single_damaged_bit_without_a_card_is_noticed(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path)
    whole, content = read_tensors(path), path.read_bytes()
    for bit in np.random.default_rng(0).choice(8 * len(content), 150, replace=False):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            found = read_tensors(path)
        except RestoraError:
            continue
        # The bit was of no consequence: in the gap between two parts of an archive, say.
        assert found.keys() == whole.keys()
        assert all(torch.equal(value, whole[key]) for key, value in found.items())


def test_files_without_checksums_are_read(tmp_path: Path) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        path = write_torch(tmp_path)
    finally:
        torch.serialization.set_crc32_options(True)
    save_file({"a": torch.ones(3)}, tmp_path / "a.safetensors")
    assert len(read_tensors(path)) == 20
    assert list(read_tensors(tmp_path / "a.safetensors")) == ["a"]


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    write_safetensors(tmp_path)
    again = {convert_checkpoint(tmp_path / "raw.pth", tmp_path, name="tiny").read_bytes() for _ in range(9)}
    assert len(again) == 1
