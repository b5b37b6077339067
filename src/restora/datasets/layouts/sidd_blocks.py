"""SIDD's validation and benchmark blocks: MATLAB files of 1,280 blocks of 256 x 256."""

from dataclasses import dataclass
from functools import cached_property
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
class BlockFile:
    """A MATLAB file of blocks, read whole when the first is asked for and then kept.

    Attributes:
        path: The file; its variable has the name of the file.
    """

    path: Path

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """(images, blocks of an image, height, width, 3), from the header alone.

        Raises:
            RestoraError: The file has no such variable, or SciPy is missing.
        """
        for name, shape, kind in self._whosmat():
            if name == self.path.stem and len(shape) == 5 and shape[-1] == 3 and kind == "uint8":
                return tuple(int(extent) for extent in shape)
        raise RestoraError(f"{self.path}: holds no uint8 blocks under its own name; fetch it again")

    @cached_property
    def blocks(self) -> NDArray[np.uint8]:
        """All of them."""
        try:
            return np.asarray(_scipy_io(self.path).loadmat(self.path)[self.path.stem])
        except (OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
            raise RestoraError(f"{self.path}: cannot be read ({error}); fetch it again") from error

    def block(self, image: int, number: int) -> "Block":
        """Return one block of an image, unread."""
        return Block(self.path, self, image, number)

    def _whosmat(self) -> list[tuple[str, tuple[int, ...], str]]:
        try:
            found: list[tuple[str, tuple[int, ...], str]] = _scipy_io(self.path).whosmat(self.path)
        except (OSError, ValueError, TypeError, NotImplementedError) as error:
            raise RestoraError(
                f"{self.path}: is no MATLAB file of version 5 ({error}); fetch it again"
            ) from error
        return found


@dataclass(frozen=True)
class Block(Source):
    """One block of a file: (256, 256, 3), uint8."""

    blocks: BlockFile
    image: int
    number: int

    def read(self) -> NDArray[Any]:
        """Return the block."""
        block: NDArray[Any] = self.blocks.blocks[self.image, self.number]
        return block

    def header(self) -> Header:
        """Return its size."""
        return Header(self.blocks.shape[3], self.blocks.shape[2], 8, "MATLAB")


@dataclass(frozen=True)
class SiddBlocks(Layout):
    """The authors' MATLAB files.

    Attributes:
        noisy: Name of the file of noisy blocks.
        clean: Name of the file of clean ones; "" where they are withheld.
    """

    noisy: str
    clean: str

    @property
    def tree(self) -> str:
        """The files in words."""
        return " and ".join(name for name in (self.noisy, self.clean) if name)

    def scan(self, search: Search) -> Inventory | None:
        """Look for the files and count their blocks, row by row as the server numbers them."""
        for base in search.bases():
            if not (base / self.noisy).is_file():
                continue
            if self.clean and not (base / self.clean).is_file():
                return Inventory(
                    self.name, (base,), (), alone=(base / self.noisy,), absent=(base / self.clean,)
                )
            noisy = BlockFile(base / self.noisy)
            clean = BlockFile(base / self.clean) if self.clean else None
            if clean is not None and clean.shape != noisy.shape:
                raise RestoraError(
                    f"{clean.path}: is of shape {clean.shape}, but {noisy.path.name} of {noisy.shape}; fetch both again"
                )
            images, blocks = noisy.shape[:2]
            entries = tuple(
                Entry(f"{i * blocks + j:04d}", noisy.block(i, j), clean.block(i, j) if clean else None)
                for i in range(images)
                for j in range(blocks)
            )
            return Inventory(self.name, (base,), entries)
        return None


def _scipy_io(path: Path) -> Any:
    try:
        import scipy.io
    except ImportError as error:
        raise RestoraError(f"{path}: needs SciPy to be read; pip install 'restora[benchmarks]'") from error
    return scipy.io
