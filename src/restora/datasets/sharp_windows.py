"""Windows on a grid over an image, and which of them are sharp: what papers prepare their training data with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KERNELS = (3, 7, 11, 15)
"""Sides of the Sobel kernels that sharpness is measured with: from fine texture to coarse edges."""


@dataclass(frozen=True)
class Window:
    """A part of an image.

    Attributes:
        top: First row.
        left: First column.
        height: In pixels.
        width: In pixels.
    """

    top: int
    left: int
    height: int
    width: int

    def of(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return the part as a view: (height, width, C)."""
        return pixels[self.top : self.top + self.height, self.left : self.left + self.width]


def grid_windows(height: int, width: int, crop: int, step: int) -> list[Window]:
    """Return windows every ``step`` pixels, row by row, the last ones flush with the bottom and right border.

    Args:
        height: Of the image in pixels.
        width: Of the image in pixels.
        crop: Side of a window; a shorter side of the image is taken whole.
        step: From one window to the next.

    Example:
        >>> windows = grid_windows(720, 1280, 512, 256)
        >>> sorted({w.top for w in windows}), sorted({w.left for w in windows})
        ([0, 208], [0, 256, 512, 768])
    """
    rows, columns = (_starts(extent, crop, step) for extent in (height, width))
    return [Window(top, left, min(crop, height), min(crop, width)) for top in rows for left in columns]


def sharpest(clean: NDArray[Any], windows: Sequence[Window], share: float) -> list[Window]:
    """Return the sharpest windows of an image in their order, as for DPDD in the code of Restormer and DiNAT-IR.

    The sharpness of a window is the product, over Sobel kernels of 3, 7, 11 and 15 pixels, of the sum of its gradient
    magnitudes in gray, which is brought to [0, 1] among the windows of this image.

    Args:
        clean: The sharp image of the pair, (H, W, 3), of any depth.
        windows: Of that image.
        share: Of the windows to keep, in (0, 1]; what is dropped is rounded down, so at least one stays.

    Example:
        >>> image = np.zeros((8, 16, 3), np.uint8)
        >>> image[:, 8::2] = 255
        >>> sharpest(image, grid_windows(8, 16, 8, 8), 0.5)
        [Window(top=0, left=8, height=8, width=8)]
    """
    drop = int((1 - share) * len(windows) + 1e-9)  # 1 - 0.7 is a little more or less than 0.3
    if drop == 0:
        return list(windows)
    scores = np.ones(len(windows))
    energies = np.array([_energies(window.of(clean)) for window in windows])  # (windows, kernels)
    for energy in energies.T:
        least, most = energy.min(), energy.max()
        if most > least:
            scores *= (energy - least) / (most - least)
    kept = sorted(np.argsort(scores, kind="stable")[drop:].tolist())
    return [windows[number] for number in kept]


def _starts(extent: int, crop: int, step: int) -> list[int]:
    last = max(0, extent - crop)
    starts = list(range(0, last + 1, step))
    return starts if starts[-1] == last else [*starts, last]


def _energies(pixels: NDArray[Any]) -> list[float]:
    import cv2

    gray = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
    return [
        float(np.hypot(*(cv2.Sobel(gray, cv2.CV_64F, dx, 1 - dx, ksize=side) for dx in (1, 0))).sum())
        for side in _KERNELS
    ]
