"""DND: 50 photographs in HDF5 files, of which 20 boxes each are scored by its authors' server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.datasets.headers import Header
from restora.datasets.inventory import Inventory
from restora.datasets.layouts.layout import Layout
from restora.datasets.pairs import Entry
from restora.datasets.search import Search
from restora.datasets.sources import Source
from restora.errors import RestoraError


@dataclass(frozen=True)
class Box(Source):
    """A part of one photograph.

    Attributes:
        rows: First row and the one after the last, counted from 0.
        columns: The same for columns.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]

    def read(self) -> NDArray[Any]:
        """Return (H, W, 3), float32 in [0, 1], without reading the rest of the photograph."""
        with _open(self.file) as content:
            # MATLAB stores columns first, so that the axes arrive in reverse: (3, W, H).
            stored = content["InoisySRGB"][:, slice(*self.columns), slice(*self.rows)]
            return np.ascontiguousarray(np.asarray(stored, dtype=np.float32).T)

    def header(self) -> Header:
        """Return its size."""
        return Header(self.columns[1] - self.columns[0], self.rows[1] - self.rows[0], 32, "HDF5")


@dataclass(frozen=True)
class DndImages(Layout):
    """The authors' folder: info.mat with the boxes and images_srgb/0001.mat and so on."""

    @property
    def tree(self) -> str:
        """The files in words."""
        return "info.mat and images_srgb/0001.mat to 0050.mat"

    def scan(self, search: Search) -> Inventory | None:
        """Read the boxes and look for the photographs."""
        for base in search.bases():
            info = base / "info.mat"
            if info.is_file() and (base / "images_srgb").is_dir():
                entries, absent = [], []
                for number, boxes in enumerate(_boxes(info), start=1):
                    file = base / "images_srgb" / f"{number:04d}.mat"
                    if not file.is_file():
                        absent.append(file)
                        continue
                    for k, box in enumerate(boxes, start=1):
                        # (first row, first column, last row, last column), counted from 1, the last included.
                        top, left, bottom, right = (int(value) for value in box)
                        source = Box(file, (top - 1, bottom), (left - 1, right))
                        entries.append(Entry(f"{number:04d}_{k:02d}", source, None))
                return Inventory(self.name, (base,), tuple(entries), absent=tuple(absent))
        return None


def _boxes(info: Path) -> list[NDArray[np.float64]]:
    """The boxes of every photograph, (20, 4) each."""
    with _open(info) as content:
        references = np.asarray(content["info"]["boundingboxes"]).reshape(-1)
        return [np.asarray(content[reference], dtype=np.float64).T for reference in references]


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    try:
        import h5py
    except ImportError as error:
        raise RestoraError(f"{path}: needs h5py to be read; pip install 'restora[benchmarks]'") from error
    try:
        with h5py.File(path, "r") as content:
            yield content
    except (OSError, KeyError, ValueError) as error:
        raise RestoraError(f"{path}: is not a file of DND as published ({error}); fetch it again") from error
