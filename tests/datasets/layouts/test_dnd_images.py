import sys
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
import pytest

from restora.datasets import open_benchmark
from restora.errors import RestoraError

PHOTOGRAPHS = [np.random.default_rng(i).random((20 + i, 30, 3)) for i in range(2)]
BOXES = np.array([[1, 1, 8, 8], [5, 11, 12, 18]])  # (first row, first column, last row, last column) from 1


class MemoryFile:
    """A stand-in for h5py.File: what MATLAB would store, with the axes in reverse."""

    def __init__(self, path: Path, mode: str) -> None:
        assert mode == "r"
        self.path = Path(path)

    def __enter__(self) -> Any:
        if self.path.name == "info.mat":
            references = np.array([["one", "two"]], dtype=object)
            return {"info": {"boundingboxes": references}, "one": BOXES.T * 1.0, "two": BOXES.T * 1.0}
        return {"InoisySRGB": PHOTOGRAPHS[int(self.path.stem) - 1].T}

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass


def touch(root: Path) -> None:
    (root / "images_srgb").mkdir()
    for name in ("info.mat", "images_srgb/0001.mat", "images_srgb/0002.mat"):
        (root / name).touch()


def check(root: Path) -> None:
    pairs = open_benchmark("dnd", root)
    assert pairs.names == ("0001_01", "0001_02", "0002_01", "0002_02")
    pair = pairs[3]
    assert pair.clean is None
    assert pair.degraded.dtype == np.float32
    np.testing.assert_array_equal(pair.degraded, PHOTOGRAPHS[1][4:12, 10:18].astype(np.float32))
    assert str(pairs.entries[3].degraded.header()) == "8x8 32-bit HDF5"


def test_boxes_count_from_one_and_include_their_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = ModuleType("h5py")
    stand_in.File = MemoryFile  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "h5py", stand_in)
    touch(tmp_path)
    check(tmp_path)
    (tmp_path / "images_srgb/0002.mat").unlink()
    with pytest.raises(RestoraError, match=r"images_srgb/0002.mat: belongs to the split, but is not there"):
        open_benchmark("dnd", tmp_path)


def test_files_as_matlab_writes_them(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    (tmp_path / "images_srgb").mkdir()
    for number, photograph in enumerate(PHOTOGRAPHS, start=1):
        with h5py.File(tmp_path / f"images_srgb/{number:04}.mat", "w") as file:
            file["InoisySRGB"] = photograph.T
    with h5py.File(tmp_path / "info.mat", "w") as file:
        references = file.create_dataset("info/boundingboxes", (1, 2), dtype=h5py.ref_dtype)
        for i in range(2):
            references[0, i] = file.create_dataset(f"#refs#/{i}", data=BOXES.T * 1.0).ref
    check(tmp_path)


def test_without_h5py_the_command_to_install_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    touch(tmp_path)
    with pytest.raises(
        RestoraError, match=r"info.mat: needs h5py to be read; pip install 'restora\[benchmarks\]'"
    ):
        open_benchmark("dnd", tmp_path)
