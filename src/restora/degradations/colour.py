"""What the numbers of an image mean as light."""

from torch import Tensor

GAMMA = 2.2
"""Exponent between the values of a file and light, in most published degradations."""


def to_light(values: Tensor, gamma: float = GAMMA) -> Tensor:
    """Return light of the values of a file, v^gamma; below 0 there is none."""
    return values.clamp(min=0) ** gamma


def from_light(light: Tensor, gamma: float = GAMMA) -> Tensor:
    """Return the values that a file holds for light: the inverse of `to_light`, not clipped above.

    Example:
        >>> import torch
        >>> round(float(from_light(to_light(torch.tensor(0.5)))), 4)
        0.5
    """
    return light.clamp(min=0) ** (1 / gamma)


def are_gray(images: Tensor) -> Tensor:
    """Tell which images (B, 3, H, W) have three equal channels: (B, 1, 1, 1), boolean.

    Such an image is a gray photograph; what happened to it happened to its one channel, so it stays gray.
    """
    return (images == images[:, :1]).all(dim=(1, 2, 3)).view(-1, 1, 1, 1)
