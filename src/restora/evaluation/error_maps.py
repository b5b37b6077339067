"""Absolute error as colour: a perceptually uniform map from grey levels, and the bar that explains it."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from restora.pixels import to_uint8

Image = NDArray[Any]
RGB8 = NDArray[np.uint8]

COVERED = 99.5
"""Percent of the errors that the scale covers; the few above get its last colour."""


def absolute_error(restored: Image, clean: Image) -> NDArray[np.float32]:
    """Mean over the colours of the absolute difference, in grey levels of 255.

    Args:
        restored: (H, W, 3) in [0, 1].
        clean: Likewise.

    Returns:
        (H, W), 0 to 255.

    Example:
        >>> float(absolute_error(np.ones((1, 1, 3)), np.zeros((1, 1, 3)))[0, 0])
        255.0
    """
    difference = np.asarray(restored, np.float32) - np.asarray(clean, np.float32)
    return np.asarray(np.abs(difference).mean(axis=2) * np.float32(255), np.float32)


def scale_end(errors: Sequence[Image]) -> int:
    """Choose one end of the scale for several error maps, in grey levels: a round number.

    Example:
        >>> scale_end([np.full((8, 8), 13.0)])
        15
    """
    reached = max(float(np.percentile(error, COVERED)) for error in errors)
    steps = (2, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 255)
    return next((step for step in steps if step >= reached), 255)


def coloured(error: Image, end: float) -> RGB8:
    """Colour an error map with the map *inferno*: black for none, pale yellow for `end` and above.

    Args:
        error: (H, W) in grey levels.
        end: The grey levels of the last colour.

    Returns:
        (H, W, 3) RGB.
    """
    levels = to_uint8(error / end)
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1], np.uint8)


def scale_bar(width: int, height: int) -> RGB8:
    """Draw all colours, the greatest error on top: (height, width, 3)."""
    ramp = np.linspace(1, 0, height, dtype=np.float32)
    return coloured(np.repeat(ramp[:, None], width, axis=1), 1)


def ticks(end: int) -> tuple[int, ...]:
    """Choose the grey levels to print beside the bar, from 0 to `end`.

    Example:
        >>> ticks(20)
        (0, 5, 10, 15, 20)
    """
    for parts in (4, 5, 3, 2):
        if end % parts == 0:
            return tuple(range(0, end + 1, end // parts))
    return (0, end)
