"""Cutting squares out of images, and making tensors of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, from_numpy

from restora.images.depth import convert_depth


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


def to_tensor(pixels: NDArray[Any]) -> Tensor:
    """Return (H, W, C) of any depth as (C, H, W), float32; integers become [0, 1]."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    values = convert_depth(planes, np.float32)
    return from_numpy(values.copy() if np.shares_memory(values, pixels) else values)
