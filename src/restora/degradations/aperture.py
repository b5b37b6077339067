"""What a point of light out of focus becomes: the image of the aperture."""

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor

ApertureShape: TypeAlias = Literal["disc", "butterworth"]
ORDERS = (3.0, 6.0, 9.0)
CUTOFFS = (2.0, 2.5)
FLOORS = (0.1, 0.2)
"""Published parameters of `butterworth`, of which each image draws one."""
SMOOTHING = 0.15
"""Width of the rim of a Butterworth disc, relative to its radius."""


def disc(radius: Tensor, size: int) -> Tensor:
    """Make even discs with antialiased rims.

    Args:
        radius: (B,) in pixels; below 1/2 it is a point.
        size: Radius of the kernels, at least the largest ``radius`` + 1/2, rounded up.

    Returns:
        (B, 1, 2 size + 1, 2 size + 1), each summing to 1.

    Example:
        >>> kernel = disc(torch.tensor([0.0]), 1)
        >>> kernel[0, 0].tolist()
        [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    return _normalised(_rim(radius, size, softness=0.0))


def butterworth(radius: Tensor, size: int, order: Tensor, cutoff: Tensor, floor: Tensor) -> Tensor:
    """Make discs that are dimmer in the middle, as those of real lenses, with a soft rim.

    Within the disc light rises as 1 / (1 + (r0 / r)^(2 order)), scaled to [floor, 1], with r0 = radius /
    cutoff (Abuolaim et al., Learning to reduce defocus blur by realistically modeling dual-pixel data, 2021).

    Args:
        radius: (B,) in pixels.
        size: Radius of the kernels, at least 1.15 times the largest ``radius`` + 1/2, rounded up.
        order: (B,), how sudden the rise is.
        cutoff: (B,), the radius over that of the dim part.
        floor: (B,), light in the middle, relative to that at the rim.

    Returns:
        (B, 1, 2 size + 1, 2 size + 1), each summing to 1.
    """
    down, right = offsets(radius, size)
    order, cutoff, floor = (values.view(-1, 1, 1, 1) for values in (order, cutoff, floor))
    # Half a pixel is added because a pixel is no point: small discs have no dim middle.
    distance = (down**2 + right**2).sqrt() + 0.5
    dim = radius.abs().view(-1, 1, 1, 1) / cutoff
    rise = 1 / (1 + (dim / distance) ** (2 * order))
    return _normalised(_rim(radius, size, SMOOTHING) * (floor + (1 - floor) * rise))


def kernel_size(largest: float, shape: ApertureShape) -> int:
    """Return the radius in whole pixels of kernels for apertures of up to this radius."""
    rim = SMOOTHING if shape == "butterworth" else 0.0
    return math.ceil(largest * (1 + rim) + 0.5)


def half_apertures(kernels: Tensor, sign: Tensor) -> tuple[Tensor, Tensor]:
    """Split the light into that of the left and of the right half of the lens, as dual pixels see it.

    Each half falls off linearly across the lens, one as the mirror image of the other; their mean is the
    whole. Behind the plane of focus left and right change places.

    Args:
        kernels: (B, 1, K, K), symmetric, each summing to 1.
        sign: (B,), positive behind the plane of focus, negative before it.

    Returns:
        Two tensors like ``kernels``, each summing to 1.
    """
    size = kernels.shape[-1] // 2
    across = torch.arange(-size, size + 1, device=kernels.device, dtype=kernels.dtype)
    lit = kernels > 0
    reach = torch.where(lit, across.abs(), 0).amax((1, 2, 3), keepdim=True).clamp(min=0.5)
    ramp = (across / (reach + 0.5)) * sign.sign().view(-1, 1, 1, 1)
    return kernels * (1 - ramp), kernels * (1 + ramp)


def offsets(like: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Distances of the pixels of a kernel from its middle: rows (K, 1) and columns (K,)."""
    steps = torch.arange(-size, size + 1, device=like.device, dtype=like.dtype)
    return steps.view(-1, 1), steps


def _rim(radius: Tensor, size: int, softness: float) -> Tensor:
    down, right = offsets(radius, size)
    distance = (down**2 + right**2).sqrt()
    r = radius.abs().view(-1, 1, 1, 1)
    width = (2 * softness * r).clamp(min=1)  # from full light to none; at least a pixel, for antialiasing
    return ((r - distance) / width + 0.5).clamp(0, 1)


def _normalised(light: Tensor) -> Tensor:
    # A radius below 1/2 leaves the middle less than 1, but above 0.
    middle = light.shape[-1] // 2
    light[..., middle, middle] = light[..., middle, middle].clamp(min=torch.finfo(light.dtype).tiny)
    return light / light.sum((2, 3), keepdim=True)
