"""Where a picture is worth a closer look: the squares of a map with the largest sums."""

import cv2
import numpy as np
from numpy.typing import NDArray


def salient_corners(
    values: NDArray[np.floating], side: int, count: int, distance: int
) -> list[tuple[int, int]]:
    """Find the squares of a map with the largest sums, the largest first, apart from each other.

    Args:
        values: (H, W), not negative: how much there is to see at each pixel.
        side: Of the squares, at most H and W.
        count: How many; fewer come where the map is too small for more.
        distance: Two corners are further apart than this, in rows or in columns.

    Returns:
        (top, left) of each.

    Example:
        >>> values = np.zeros((4, 9))
        >>> values[1, 7], values[0, 0] = 3, 2
        >>> salient_corners(values, 2, 3, 4)
        [(0, 6), (0, 0)]
    """
    # Every possible corner's sum by an integral image, whatever the side.
    sums = cv2.integral(values, sdepth=cv2.CV_64F)
    scores = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    corners: list[tuple[int, int]] = []
    while len(corners) < count and scores.max() > -1:
        top, left = (int(i) for i in np.unravel_index(int(scores.argmax()), scores.shape))
        corners.append((top, left))
        rows, columns = (slice(max(0, i - distance), i + distance + 1) for i in (top, left))
        scores[rows, columns] = -1
    return corners
