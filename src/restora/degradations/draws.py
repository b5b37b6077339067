"""Random numbers of a degradation: one for each image of a batch, within a documented range."""

import math

import torch
from torch import Generator, Tensor

from restora.degradations.limits import Range


def uniform(bounds: Range, clean: Tensor, generator: Generator, *shape: int) -> Tensor:
    """Draw uniformly, for every image of a batch.

    Args:
        bounds: Lowest and highest value.
        clean: (B, ...), says how many, where and in which precision.
        generator: On the device of ``clean``.
        shape: Shape of the numbers of one image; none for a single number.

    Returns:
        (B, *shape).
    """
    low, high = bounds
    unit = torch.rand(len(clean), *shape, generator=generator, device=clean.device, dtype=clean.dtype)
    return low + (high - low) * unit


def log_uniform(bounds: Range, clean: Tensor, generator: Generator, *shape: int) -> Tensor:
    """Draw so that the logarithm is uniform: as often between 1 and 2 as between 10 and 20. See `uniform`."""
    exponent = uniform((math.log(bounds[0]), math.log(bounds[1])), clean, generator, *shape)
    return exponent.exp().clamp(*bounds)  # the exponential of a logarithm may leave the range by a rounding


def choices(values: tuple[float, ...], clean: Tensor, generator: Generator) -> Tensor:
    """Draw one of ``values`` for every image, all alike probable: (B,)."""
    index = torch.randint(len(values), (len(clean),), generator=generator, device=clean.device)
    return torch.tensor(values, device=clean.device, dtype=clean.dtype)[index]


def normal(clean: Tensor, generator: Generator, *shape: int) -> Tensor:
    """Draw from N(0, 1), for every image of a batch: (B, *shape)."""
    return torch.randn(len(clean), *shape, generator=generator, device=clean.device, dtype=clean.dtype)


def per_image(values: Tensor) -> Tensor:
    """View (B,) as (B, 1, 1, 1), to be combined with a batch of images."""
    return values.view(-1, 1, 1, 1)
