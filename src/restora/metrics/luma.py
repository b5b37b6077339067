"""Brightness of RGB images (ITU-R BT.601, studio range), as the papers' scripts compute it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.pixels import to_double

_WEIGHTS = np.array([65.481, 128.553, 24.966])


def luma(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """Return Y in [16, 235], not rounded: MATLAB's ``rgb2ycbcr`` of doubles times 255, and BasicSR's Y.

    Args:
        rgb: (H, W, 3), uint8, or float in [0, 1].

    Example:
        >>> luma(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)).tolist()
        [[16.0, 235.0]]
    """
    return np.asarray(16 + to_double(rgb) @ _WEIGHTS)


def luma8(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return Y rounded to 8 bits, halves upwards: MATLAB's ``rgb2ycbcr`` of uint8.

    Args:
        rgb: (H, W, 3), uint8.

    Example:
        >>> luma8(np.full((1, 1, 3), 255, np.uint8))
        array([[235]], dtype=uint8)
    """
    return np.floor(luma(rgb) + 0.5).astype(np.uint8)
