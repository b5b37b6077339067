"""Palettes: pictures of few colours as numbers into a table of them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from restora.pixels import Pixels, gray_to_rgb

MOST = 256
"""Colours of a palette."""

_ROWS = 256  # looked at at a time, so that a photograph is told from a drawing by its beginning

Indexed = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""(H, W) numbers, and the (N, 4) colours with transparency, N up to 256, that they stand for."""


def indexed(pixels: Pixels, alpha: Pixels | None = None, most: int = MOST) -> Indexed | None:
    """Return a picture by a palette that loses nothing; None if it has too many colours.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        alpha: (H, W) uint8.
        most: Colours that there may be.

    Example:
        >>> numbers, colours = indexed(np.array([[9, 9, 7]], np.uint8))
        >>> numbers.tolist(), colours.tolist()
        ([[1, 1, 0]], [[7, 7, 7, 255], [9, 9, 9, 255]])
    """
    if pixels.dtype != np.uint8:
        return None
    found = np.zeros(0, np.uint32)
    for rows in _packed(pixels, alpha):
        found = np.union1d(found, rows)
        if len(found) > most:
            return None
    numbers = [np.searchsorted(found, rows).astype(np.uint8) for rows in _packed(pixels, alpha)]
    return np.concatenate(numbers), found.astype(">u4").view(np.uint8).reshape(-1, 4)


def reduced(pixels: Pixels, alpha: Pixels | None, most: int) -> Indexed:
    """Return a picture by the palette that keeps most of it, with parts that are seen or not.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        alpha: (H, W) uint8; half and more is seen.
        most: Colours that there may be, one of which is that of what is not seen.
    """
    from PIL import Image

    seen = None if alpha is None or (alpha >= MOST // 2).all() else alpha >= MOST // 2
    if seen is not None:
        pixels, alpha = (
            np.where(seen if pixels.ndim == 2 else seen[..., None], pixels, 0),
            seen * np.uint8(255),
        )
    elif alpha is not None:
        alpha = None
    exact = indexed(pixels, alpha, most)
    if exact is not None:
        return exact
    picture = Image.fromarray(np.ascontiguousarray(gray_to_rgb(pixels))).quantize(
        most - (seen is not None), method=Image.Quantize.MEDIANCUT, kmeans=1
    )
    numbers = np.array(picture)
    table = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    colours = np.full((len(table), 4), 255, np.uint8)
    colours[:, :3] = table
    if seen is not None:
        numbers[~seen] = len(table)
        colours = np.concatenate([colours, np.zeros((1, 4), np.uint8)])
    return numbers, colours


def _packed(pixels: Pixels, alpha: Pixels | None) -> Iterator[NDArray[np.uint32]]:
    """Yield rows of a picture with a number for each colour."""
    for start in range(0, len(pixels), _ROWS):
        rows = gray_to_rgb(pixels[start : start + _ROWS]).astype(np.uint32)
        opacity = np.uint32(255) if alpha is None else alpha[start : start + _ROWS]
        yield (rows << np.array([24, 16, 8], np.uint32)).sum(axis=2, dtype=np.uint32) + opacity
