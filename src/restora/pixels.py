"""Depths of a channel (8-bit, 16-bit, float): exact, rounding conversions between them; gray as RGB."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Pixels = NDArray[Any]
"""uint8 or uint16 of full range, or floats whose full range is [0, 1]; (H, W) gray or (H, W, C)."""

DEPTH_NAMES = {"uint8": "8-bit", "uint16": "16-bit", "float32": "float"}
"""The dtypes a photograph may have, and how they are called in messages."""

HIGHLIGHTS = 2.5
"""Largest float beyond which there is light above white; up to it there may be noise that nobody clipped."""

_BLOCK = 1 << 20  # values converted at a time, so that temporaries stay small beside a large photograph


def full_scale(dtype: DTypeLike) -> int:
    """Return the stored value of white: the largest one of an unsigned integer, 1 of a float.

    Example:
        >>> full_scale(np.uint8), full_scale(np.float32)
        (255, 1)
    """
    dtype = np.dtype(dtype)
    return 1 if dtype.kind == "f" else int(np.iinfo(dtype).max)


def convert_depth(pixels: Pixels, dtype: DTypeLike) -> Pixels:
    """Convert pixels to another depth, rounding to the nearest (halves to even) and never truncating.

    Args:
        pixels: Any shape; uint8, uint16 (full range) or float (0 to 1).
        dtype: uint8, uint16, or a float.

    Returns:
        The pixels at the new depth, same shape. Floats outside 0 to 1 stay so among floats and are clipped on
        the way to integers, where what is not a number becomes 0. The same array if the depth is already
        right.

    Example:
        >>> convert_depth(np.array([0, 128, 129, 65535], np.uint16), np.uint8).tolist()
        [0, 0, 1, 255]
        >>> convert_depth(np.array([-1.0, 0.5, 2.0, np.nan], np.float32), np.uint8).tolist()
        [0, 128, 255, 0]
    """
    source, target = pixels.dtype, np.dtype(dtype)
    if source == target:
        return pixels
    if target.kind == "f":
        if source.kind == "f":
            return pixels.astype(target)
        return np.asarray(np.divide(pixels, full_scale(source), dtype=target))
    flat = np.ascontiguousarray(pixels).reshape(-1)
    converted = np.empty(flat.shape, target)
    for start in range(0, flat.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        converted[block] = _integers(flat[block], target)
    return converted.reshape(pixels.shape)


def change_bits(values: Pixels, source: int, target: int) -> Pixels:
    """Convert integers of another depth than 8 or 16 bits, rounding to the nearest: black stays black, white white.

    Args:
        values: Any shape; 0 to ``2**source - 1``, what is larger is white.
        source: Bits of the values, 1 to 16.
        target: Bits of the result, 1 to 16.

    Returns:
        uint8 for up to 8 bits, else uint16.

    Example:
        >>> change_bits(np.array([0, 512, 1023], np.uint16), 10, 16).tolist()
        [0, 32800, 65535]
    """
    white, limit = 2**target - 1, 2**source - 1
    table = (np.arange(limit + 1, dtype=np.uint64) * white + limit // 2) // limit
    return np.asarray(table.astype(np.uint8 if target <= 8 else np.uint16)[np.minimum(values, limit)])


def to_float(pixels: Pixels) -> NDArray[np.float32]:
    """Convert pixels of any depth to float32: integers to [0, 1], floats as they are.

    Example:
        >>> to_float(np.array([0, 51, 255], np.uint8)).tolist()
        [0.0, 0.20000000298023224, 1.0]
    """
    return convert_depth(pixels, np.float32)


def to_double(pixels: Pixels) -> NDArray[np.float64]:
    """Convert pixels of any depth to float64, the precision that scores are computed in."""
    return convert_depth(pixels, np.float64)


def to_uint8(pixels: Pixels) -> NDArray[np.uint8]:
    """Convert pixels of any depth to 8 bits, as saving a PNG does (``img_as_ubyte``): clamped and rounded."""
    return convert_depth(pixels, np.uint8)


def gray_to_rgb(pixels: Pixels) -> Pixels:
    """Repeat the channel of a gray image, (H, W) -> (H, W, 3); an image with channels comes back as it is."""
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


def _integers(values: Pixels, target: np.dtype[Any]) -> Pixels:
    if values.dtype.kind == "f":
        unit = np.clip(np.nan_to_num(values, nan=0.0), 0, 1)
        return np.asarray(np.rint(np.multiply(unit, full_scale(target), dtype=np.float64)))
    if target == np.uint16:
        return values.astype(np.uint16) * np.uint16(257)  # 255 -> 65535
    return np.asarray((values.astype(np.uint32) + 128) // 257)
