"""Where an image of a pair comes from: a file, half of one, several in one, or one that is degraded here."""

import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from restora.datasets.gaussian import add_test_noise
from restora.datasets.headers import Header, read_header
from restora.errors import RestoraError
from restora.images import read
from restora.pixels import Pixels, gray_to_rgb, to_float, to_uint8

if TYPE_CHECKING:
    from restora.degradations import Degradation


@dataclass(frozen=True)
class Source(ABC):
    """An image that can be read, and described without decoding it.

    Attributes:
        file: What it is in; the file to name when something is wrong.
    """

    file: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """All that the image is read from."""
        return (self.file,)

    @abstractmethod
    def read(self) -> Pixels:
        """Return the image: (H, W, C), RGB, at its own depth."""

    def header(self) -> Header:
        """Return its size and depth: what the file says of itself."""
        return read_header(self.file)


class FileImage(Source):
    """A whole image file: (H, W, 3), gray repeated."""

    def read(self) -> Pixels:
        """Decode the file."""
        return gray_to_rgb(read(self.file).pixels)


class HighByteImage(Source):
    """A 16-bit image file as 8 bits: the lower byte dropped, not rounded, as OpenCV's ``imread`` does by default."""

    def read(self) -> Pixels:
        """Decode the file and keep the higher bytes."""
        pixels = FileImage(self.file).read()
        return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels


@dataclass(frozen=True)
class HalfImage(Source):
    """The left or right half of a file that holds two images side by side."""

    side: Literal["left", "right"]

    def read(self) -> Pixels:
        """Decode the file and cut it in the middle."""
        pixels = FileImage(self.file).read()
        half = self._half(pixels.shape[1])
        return pixels[:, :half] if self.side == "left" else pixels[:, half:]

    def header(self) -> Header:
        """Return the size of the half."""
        whole = read_header(self.file)
        return Header(self._half(whole.width), whole.height, whole.depth, whole.format)

    def _half(self, width: int) -> int:
        if width % 2:
            raise RestoraError(
                f"{self.file}: is {width} pixels wide, which are no two halves; fetch the file again"
            )
        return width // 2


@dataclass(frozen=True)
class StackedImage(Source):
    """The left and right view of a dual-pixel sensor as six channels, left first; `file` is the left one."""

    right: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """Both views."""
        return (self.file, self.right)

    def read(self) -> Pixels:
        """Decode both: (H, W, 6)."""
        views = FileImage(self.file).read(), FileImage(self.right).read()
        if views[0].shape != views[1].shape or views[0].dtype != views[1].dtype:
            raise RestoraError(f"{self.right}: has another size or depth than {self.file}; fetch both again")
        return np.concatenate(views, axis=2)


@dataclass(frozen=True)
class NoisyImage(Source):
    """A clean file with the synthetic noise of the Gaussian protocol: (H, W, 3), float32, not clipped."""

    sigma: float

    def read(self) -> Pixels:
        """Decode the file and add the noise."""
        return add_test_noise(to_float(FileImage(self.file).read()), self.sigma)


@dataclass(frozen=True)
class DegradedImage(Source):
    """A clean file with degradations of restora's own: (H, W, 3), uint8, as a camera would have saved it.

    The random numbers come from the name of the file: every photograph has its own weather, every run the same.

    Attributes:
        steps: Degradations in the range [0, 1], the first one first; none leaves it clean.
    """

    steps: tuple["Degradation", ...]

    def read(self) -> Pixels:
        """Decode the file and degrade it."""
        clean = load_rgb8(self.file)
        if not self.steps:
            return clean
        import torch

        from restora.degradations import Compose
        from restora.tensors import quantize, to_pixels, to_tensor

        random = torch.Generator().manual_seed(zlib.crc32(self.file.stem.encode()))
        degraded = Compose(self.steps)(to_tensor(clean)[None], random)[0]
        return to_pixels(quantize(degraded))


def load_rgb8(path: Path) -> NDArray[np.uint8]:
    """Read a photograph as (H, W, 3) uint8, gray repeated and deeper pixels rounded to 8 bits."""
    return gray_to_rgb(to_uint8(read(path).pixels))
