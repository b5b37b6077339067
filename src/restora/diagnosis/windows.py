"""What the diagnosis looks at: a few windows of the picture as it is, and all of it reduced."""

import cv2
import numpy as np
from numpy.typing import NDArray

from restora.pixels import Pixels, gray_to_rgb, to_uint8

WINDOW = 192
"""Side of a window in pixels; a multiple of 8, so that all windows see the blocks of JPEG at the same place."""
LEAST_WINDOW = 64
COUNT = 12
"""Most windows that are looked at."""
THUMBNAIL = 128
GRID = 8
"""Side of the blocks of JPEG."""


def look(pixels: Pixels, count: int = COUNT) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cut windows out of a picture and reduce it.

    The picture is divided into cells, as many as windows are wanted; two of three cells show their most detailed
    part, where blur and rain are told best, the third its middle, which may be an even surface, where noise is.

    Args:
        pixels: (H, W) gray or (H, W, 3) RGB, of uint8, uint16 or float in [0, 1].
        count: How many windows at most.

    Returns:
        Windows, (N, S, S, 3) uint8 with S up to 192; and the thumbnail, (128, 128, 3) uint8, its aspect lost. A
        picture below 64 pixels is repeated as its mirror image.
    """
    height, width = pixels.shape[:2]
    known = pixels if pixels.dtype in (np.uint8, np.uint16, np.float64) else pixels.astype(np.float32)
    way = cv2.INTER_AREA if max(height, width) > THUMBNAIL else cv2.INTER_LINEAR
    thumbnail = _rgb8(cv2.resize(known, (THUMBNAIL, THUMBNAIL), interpolation=way))
    if min(height, width) < LEAST_WINDOW:
        beyond = [(0, max(0, LEAST_WINDOW - side)) for side in (height, width)]
        pixels = np.pad(pixels, [*beyond, (0, 0)][: pixels.ndim], mode="symmetric")
        height, width = pixels.shape[:2]
    side = min(WINDOW, height // GRID * GRID, width // GRID * GRID)
    rows, columns = _cells(height, width, side, count)
    windows = []
    for number, (top, left) in enumerate((r, c) for r in range(rows) for c in range(columns)):
        tops = _corners(height, side, top, rows)
        lefts = _corners(width, side, left, columns)
        if number % 3 == 2:
            tops, lefts = tops[len(tops) // 2 :][:1], lefts[len(lefts) // 2 :][:1]
        candidates = [_rgb8(pixels[y : y + side, x : x + side]) for y in tops for x in lefts]
        windows.append(max(candidates, key=_detail))
    return np.stack(windows), thumbnail


def _cells(height: int, width: int, side: int, count: int) -> tuple[int, int]:
    """Divide a picture into at most ``count`` cells that are about square and no smaller than a window, nearly."""
    most = [max(1, round(extent / side)) for extent in (height, width)]
    options = [(r, c) for r in range(1, most[0] + 1) for c in range(1, most[1] + 1) if r * c <= count]
    return max(options, key=lambda rc: (rc[0] * rc[1], -abs(np.log(height / rc[0] * rc[1] / width))))


def _corners(extent: int, side: int, cell: int, cells: int) -> list[int]:
    """Return up to three places of a window in a cell, on the grid of JPEG."""
    first, last = cell * extent // cells, (cell + 1) * extent // cells - side
    limit = (extent - side) // GRID * GRID
    places = {min(max(0, round(p / GRID) * GRID), limit) for p in np.linspace(first, max(first, last), 3)}
    return sorted(places)


def _detail(window: NDArray[np.uint8]) -> float:
    luma = window[..., 1].astype(np.int16)
    return float(np.abs(np.diff(luma, axis=0)).mean() + np.abs(np.diff(luma, axis=1)).mean())


def _rgb8(pixels: Pixels) -> NDArray[np.uint8]:
    return np.asarray(gray_to_rgb(to_uint8(pixels)))
