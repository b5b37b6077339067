"""Depth of a channel: exact, rounding conversions between 8-bit, 16-bit and float."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

DEPTH_NAMES = {"uint8": "8-bit", "uint16": "16-bit", "float32": "float"}
"""The dtypes a photograph may have, and how they are called in messages."""

_BLOCK = 1 << 20  # values converted at a time, so that temporaries stay small beside a large photograph


def convert_depth(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Convert values to another depth, rounding to the nearest and never truncating.

    Args:
        values: Any shape; uint8, uint16 (full range) or float32 (0 to 1).
        dtype: uint8, uint16 or float32.

    Returns:
        The values at the new depth, same shape. Floats outside 0 to 1 are clipped on the way to integers,
        and what is not a number becomes 0. The same array if the depth is already right.

    Example:
        >>> convert_depth(np.array([0, 128, 129, 65535], np.uint16), np.uint8).tolist()
        [0, 0, 1, 255]
        >>> convert_depth(np.array([-1.0, 0.5, 2.0, np.nan], np.float32), np.uint8).tolist()
        [0, 128, 255, 0]
    """
    target = np.dtype(dtype)
    if values.dtype == target:
        return values
    source = np.ascontiguousarray(values).reshape(-1)
    converted = np.empty(source.shape, target)
    for start in range(0, source.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        converted[block] = _convert_block(source[block], target)
    return converted.reshape(values.shape)


def _convert_block(values: NDArray[Any], target: np.dtype[Any]) -> NDArray[Any]:
    if target == np.float32:
        return np.asarray(values.astype(np.float32) / np.float32(np.iinfo(values.dtype).max))
    if values.dtype == np.float32:
        limit = np.iinfo(target).max
        return np.asarray(np.rint(np.clip(np.nan_to_num(values, nan=0.0), 0, 1) * np.float64(limit)))
    if target == np.uint16:
        return values.astype(np.uint16) * np.uint16(257)  # 255 -> 65535
    return np.asarray((values.astype(np.uint32) + 128) // 257)
