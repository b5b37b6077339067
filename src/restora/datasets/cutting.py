"""Cutting squares out of images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def cut(pixels: NDArray[Any], top: int, left: int, side: int) -> NDArray[Any]:
    """Cut a square; what lies beyond the bottom or right side is the image reflected, its border pixel repeated.

    Args:
        pixels: (H, W, C).
        top: First row, within the image.
        left: First column, within the image.
        side: Of the square.

    Example:
        >>> cut(np.arange(2)[None, :, None], 0, 0, 5)[0, :, 0].tolist()
        [0, 1, 1, 0, 0]
    """
    crop = pixels[top : top + side, left : left + side]
    missing = side - crop.shape[0], side - crop.shape[1]
    if not any(missing):
        return crop
    return np.pad(crop, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")


def draw_place(random: np.random.Generator, pixels: NDArray[Any], side: int) -> tuple[int, int]:
    """Draw the first row and column of a square, uniform over the image; 0 along a side that is too short."""
    height, width = pixels.shape[:2]
    top, left = (int(random.integers(0, max(extent, side) - side + 1)) for extent in (height, width))
    return top, left
