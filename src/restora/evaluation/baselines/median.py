"""The median filter."""

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW = 3
"""Side in pixels."""


def median(image: NDArray[np.floating]) -> NDArray[np.float32]:
    """Take the median of every window of 3 x 3 in each channel, the border repeated.

    Args:
        image: (H, W, 3).

    Example:
        >>> dot = np.zeros((5, 5, 3), np.float32)
        >>> dot[2, 2] = 1
        >>> float(median(dot).max())
        0.0
    """
    return np.asarray(cv2.medianBlur(np.ascontiguousarray(image, dtype=np.float32), WINDOW))
