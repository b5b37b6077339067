import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from restora.checkpoints import read_tensors
from restora.errors import RestoraError


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
