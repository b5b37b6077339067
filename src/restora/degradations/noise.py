"""Noise that a sensor or a channel adds."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Generator, Tensor

from restora.degradations.colour import are_gray
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import normal, per_image, uniform
from restora.degradations.limits import Amount, Share, Within


@dataclass(frozen=True)
class GaussianNoise(Degradation, kind="gaussian_noise", family="noise"):
    """Additive white Gaussian noise, y = x + n with n ~ N(0, (sigma / 255)^2), neither clipped nor quantised.

    With two different bounds every image of the batch draws its own sigma uniformly ("blind" denoising), as
    Restormer and its successors train. Noise is independent in the three channels of a colour image; an image
    whose channels are all equal is a gray one, which has one channel and one noise.

    Attributes:
        sigma: Lowest and highest standard deviation in grey levels of 255.
        alike: Share of the images whose noise is the same in all channels, as film grain is, and what is left where a
            camera has smoothed colour alone.

    Example:
        >>> noise = GaussianNoise(sigma=(25, 25))
        >>> y = noise(torch.full((1, 3, 64, 64), 0.5), torch.Generator().manual_seed(0))
        >>> round(float(y.std() * 255))
        25
    """

    presets: ClassVar = {
        "15": {"sigma": (15, 15)},
        "25": {"sigma": (25, 25)},
        "50": {"sigma": (50, 50)},
        "blind": {},
    }
    number = "a deviation in grey levels of 255"

    sigma: Amount = (0.0, 50.0)
    alike: Annotated[float, Within(0, 1)] = 0.0

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Add noise; ``parameters["sigma"]`` is (B,) in grey levels."""
        sigma = uniform(self.sigma, clean, generator)
        noise = _normal(clean, generator, self.alike)
        return Sample(clean + noise * per_image(sigma / 255), {"sigma": sigma})


@dataclass(frozen=True)
class SpeckleNoise(Degradation, kind="speckle_noise", family=""):
    """Multiplicative noise, y = x (1 + n) with n ~ N(0, deviation^2), neither clipped nor quantised.

    The grain of scanned film and what is left of noise after strong saturation: the brighter a channel, the stronger. An
    image whose channels are all equal has one noise.

    Attributes:
        deviation: Lowest and highest standard deviation as a share of a channel's brightness; each image draws its own.
        alike: Share of the images whose factor is the same in all channels: brightness varies, colour does not.

    Example:
        >>> speckle = SpeckleNoise(deviation=(0.1, 0.1))
        >>> y = speckle(torch.full((1, 3, 64, 64), 0.5), torch.Generator().manual_seed(0))
        >>> round(float(y.std()), 2)
        0.05
    """

    deviation: Share = (0.0, 0.2)
    alike: Annotated[float, Within(0, 1)] = 0.0

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Multiply with noise; ``parameters["deviation"]`` is (B,), a share of the brightness."""
        deviation = uniform(self.deviation, clean, generator)
        noise = _normal(clean, generator, self.alike)
        return Sample(clean * (1 + noise * per_image(deviation)), {"deviation": deviation})


def _normal(clean: Tensor, generator: Generator, alike: float) -> Tensor:
    """Draw noise of deviation 1: one for all channels of gray images and of a share ``alike`` of the others."""
    noise = normal(clean, generator, *clean.shape[1:])
    same = are_gray(clean)
    if alike:
        same = same | per_image(uniform((0, 1), clean, generator) < alike)
    return torch.where(same, noise[:, :1], noise)
