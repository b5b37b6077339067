"""Noise that a sensor or a channel adds."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from restora.degradations.colour import are_gray
from restora.degradations.degradation import Degradation, Sample


@dataclass(frozen=True)
class GaussianNoise(Degradation):
    """Additive white Gaussian noise, y = x + n with n ~ N(0, (sigma / 255)^2), neither clipped nor quantised.

    With two different bounds every image of the batch draws its own sigma uniformly ("blind" denoising), as
    Restormer and its successors train. Noise is independent in the three channels of a colour image; an image whose
    channels are all equal is a gray one, which has one channel and one noise.

    Attributes:
        sigma: Lowest and highest standard deviation in grey levels of 255.

    Example:
        >>> noise = GaussianNoise(sigma=(25, 25))
        >>> y = noise(torch.full((1, 3, 64, 64), 0.5), torch.Generator().manual_seed(0))
        >>> round(float(y.std() * 255))
        25
    """

    sigma: tuple[float, float] = (0.0, 50.0)

    def __post_init__(self) -> None:
        """Check the range.

        Raises:
            ValueError: The bounds are negative or in the wrong order.
        """
        low, high = self.sigma
        if not 0 <= low <= high:
            raise ValueError(f"sigma must be two numbers with 0 <= low <= high, got {self.sigma}")

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Add noise; ``parameters["sigma"]`` is (B,) in grey levels."""
        low, high = self.sigma
        device, dtype = clean.device, clean.dtype
        uniform = torch.rand(len(clean), generator=generator, device=device, dtype=dtype)
        sigma = low + (high - low) * uniform  # (B,)
        noise = torch.randn(clean.shape, generator=generator, device=device, dtype=dtype)
        noise = torch.where(are_gray(clean), noise[:, :1], noise)
        return Sample(clean + noise * (sigma / 255).view(-1, 1, 1, 1), {"sigma": sigma})
