"""Colour of video: planes of Y'CbCr, gray or R'G'B' as RGB, and what was changed in RGB back into the planes."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.pixels import Pixels

Floats = NDArray[np.float32]
Planes = tuple[Pixels, ...]
"""As they are stored: uint8, or uint16 with the values in the lower bits; chroma may be smaller than luma."""

RGB, BT709, UNSPECIFIED, BT601, BT2020 = 0, 1, 2, 6, 9
"""Numbers of ITU-T H.273, MatrixCoefficients."""

LUMA_WEIGHTS = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}
LUMA_WEIGHTS[BT2020] = (0.2627, 0.0593)
"""MatrixCoefficients -> (K_R, K_B) of ITU-T H.273, table 4."""

_HD = 576
"""Lines above which a film that does not say its matrix is taken for BT.709, as players do; others are BT.601."""


@dataclass(frozen=True)
class ColorLayout:
    """How pixels are stored.

    Attributes:
        channels: 1 gray, 3 Y'CbCr or R'G'B' (stored as G, B, R).
        depth: Bits of a value.
        full_range: Whether black is 0 and white the largest value; else they are 16 and 235, times 2^(depth - 8).
        matrix: MatrixCoefficients of ITU-T H.273; `RGB` for R'G'B'.
        shrink: How many times narrower and lower chroma is.

    Raises:
        RestoraError: A matrix that is not a weighted sum of R', G' and B' (constant luminance, ICtCp, YCgCo).

    Example:
        >>> layout = ColorLayout(3, 8, False, BT709, (2, 2))
        >>> red = tuple(np.full(shape, value, np.uint8) for shape, value in (((2, 2), 63), ((1, 1), 102), ((1, 1), 240)))
        >>> abs(layout.to_rgb(red)[0, 0]).round(2).tolist()
        [1.0, 0.0, 0.0]
    """

    channels: int
    depth: int
    full_range: bool
    matrix: int
    shrink: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        if self.channels == 3 and self.matrix != RGB and self.matrix not in LUMA_WEIGHTS:
            raise RestoraError(
                f"its colour matrix (number {self.matrix} of H.273) is not supported; convert it to BT.709 or BT.2020 first"
            )

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type in which a value is stored."""
        return np.dtype(np.uint8 if self.depth == 8 else np.uint16)

    def to_rgb(self, planes: Planes) -> Floats:
        """Return (H, W, 3) RGB, or (H, W) gray; black is 0, white 1, and what lies beyond is kept."""
        if self.channels == 1:
            return self._normalized(planes[0], luma=True)
        if self.matrix == RGB:
            return np.stack([self._normalized(planes[i], luma=True) for i in (2, 0, 1)], axis=2)
        y = self._normalized(planes[0], luma=True)
        cb, cr = (enlarged(self._normalized(plane, luma=False), y.shape, self.shrink) for plane in planes[1:])
        red, blue = LUMA_WEIGHTS[self.matrix]
        rgb = np.empty((*y.shape, 3), np.float32)
        rgb[..., 0] = y + (2 - 2 * red) * cr
        rgb[..., 2] = y + (2 - 2 * blue) * cb
        rgb[..., 1] = (y - red * rgb[..., 0] - blue * rgb[..., 2]) / (1 - red - blue)
        return rgb

    def changed(self, planes: Planes, change: Floats) -> Planes:
        """Add a change of `to_rgb`'s values to the planes: where it is 0, they stay as they are, bit for bit."""
        return tuple(
            self._stored(plane + part) for plane, part in zip(planes, self._parts(change), strict=True)
        )

    def from_rgb(self, image: Floats) -> Planes:
        """Return the planes of an image: the inverse of `to_rgb`, but for the chroma that is averaged, and rounding."""
        parts = self._parts(image)
        luma = [self._span(luma=True)[0]] * len(parts)
        offsets = luma if self.matrix == RGB else [luma[0], *[self._span(luma=False)[0]] * (len(parts) - 1)]
        return tuple(self._stored(part + offset) for part, offset in zip(parts, offsets, strict=True))

    def _parts(self, image: Floats) -> list[Floats]:
        """Return the share of an image in each plane, in stored units, without offsets; linear."""
        scale = self._span(luma=True)[1]
        if self.channels == 1:
            return [(image if image.ndim == 2 else image @ _weights(BT709)) * scale]
        image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
        if self.matrix == RGB:
            return [image[..., i] * scale for i in (1, 2, 0)]
        red, blue = LUMA_WEIGHTS[self.matrix]
        y = image @ _weights(self.matrix)
        differences = (image[..., 2] - y) / (2 - 2 * blue), (image[..., 0] - y) / (2 - 2 * red)
        chroma = self._span(luma=False)[1]
        return [
            y * scale,
            *(shrunk(np.asarray(part, np.float32), self.shrink) * chroma for part in differences),
        ]

    def _span(self, *, luma: bool) -> tuple[float, float]:
        """Return the stored value of 0, and the stored distance from it to 1."""
        top, unit = float(2**self.depth - 1), float(2 ** (self.depth - 8))
        if luma:
            return (0.0, top) if self.full_range else (16 * unit, 219 * unit)
        return 128 * unit, top if self.full_range else 224 * unit

    def _normalized(self, plane: Pixels, *, luma: bool) -> Floats:
        offset, scale = self._span(luma=luma)
        return (plane.astype(np.float32) - np.float32(offset)) / np.float32(scale)

    def _stored(self, values: Floats) -> Pixels:
        return np.clip(np.rint(values), 0, 2**self.depth - 1).astype(self.dtype)


def likely_matrix(matrix: int, height: int) -> int:
    """Return the matrix that a film of so many lines has, where it does not say."""
    return (BT709 if height > _HD else BT601) if matrix == UNSPECIFIED else matrix


def enlarged(chroma: Floats, shape: tuple[int, ...], shrink: tuple[int, int]) -> Floats:
    """Enlarge chroma linearly to the size of luma; its samples lie on luma's columns and between luma's rows (MPEG-2).

    Args:
        chroma: (h, w).
        shape: (H, W) of luma.
        shrink: How many times narrower and lower chroma is.
    """
    across, down = shrink
    if across == down == 1:
        return chroma
    # Where a luma sample lies in chroma: x / across, (y + 1/2) / down - 1/2.
    where = np.array([[1 / across, 0, 0], [0, 1 / down, 0.5 / down - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(chroma, where, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(large, np.float32)


def shrunk(values: Floats, shrink: tuple[int, int]) -> Floats:
    """Average values of the size of luma where chroma's samples lie; borders are repeated."""
    across, down = shrink
    if across == down == 1:
        return values
    height, width = values.shape
    rows = np.pad(values, ((0, -height % down), (0, 0)), "edge").reshape(-1, down, width).mean(axis=1)
    triangle = np.bartlett(2 * across + 1)[1:-1, None] / across if across > 1 else np.ones((1, 1))
    smooth = cv2.sepFilter2D(rows, cv2.CV_32F, triangle, np.ones((1, 1)), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth[:, ::across], np.float32)


def _weights(matrix: int) -> Floats:
    red, blue = LUMA_WEIGHTS[matrix]
    return np.array([red, 1 - red - blue, blue], np.float32)
