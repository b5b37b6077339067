"""Images as tensors: between pixels (H, W, C) of any depth and (C, H, W) with values in [0, 1]."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from restora.pixels import to_float


def to_tensor(pixels: NDArray[Any]) -> Tensor:
    """Convert (H, W, C) of any depth to (C, H, W), float32; integers become [0, 1]."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    values = to_float(planes)
    return torch.from_numpy(values.copy() if np.shares_memory(values, pixels) else values)


def to_pixels(image: Tensor) -> NDArray[Any]:
    """Convert (C, H, W) on any device to (H, W, C) of the same values, half precision widened to float32.

    Example:
        >>> to_pixels(torch.zeros(3, 4, 6, dtype=torch.bfloat16)).dtype, to_pixels(torch.zeros(3, 4, 6)).shape
        (dtype('float32'), (4, 6, 3))
    """
    # NumPy knows neither bfloat16 nor float8.
    plain = image.float() if image.is_floating_point() and image.dtype != torch.float64 else image
    return np.ascontiguousarray(plain.detach().permute(1, 2, 0).cpu().numpy())


def quantize(values: Tensor, bits: int = 8) -> Tensor:
    """Clamp to [0, 1] and round to whole numbers, any shape, on the device and in the precision of the values.

    Args:
        values: 1 is the largest number of these bits.
        bits: 1 to 16.

    Returns:
        uint8; int32 for more than 8 bits.

    Example:
        >>> quantize(torch.tensor([-1.0, 0.5, 2.0])).tolist()
        [0, 128, 255]
    """
    return (values.clamp(0, 1) * ((1 << bits) - 1)).round().to(torch.uint8 if bits <= 8 else torch.int32)
