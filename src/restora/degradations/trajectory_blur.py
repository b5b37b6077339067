"""Blur of a camera that shakes while the shutter is open: one kernel for the whole image."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from restora.degradations.colour import GAMMA, from_light, to_light
from restora.degradations.convolution import convolve
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import Range, check_range, choices, uniform
from restora.degradations.trajectories import ANXIETY, blur_kernels, random_trajectories


@dataclass(frozen=True)
class TrajectoryBlur(Degradation):
    """Convolution with the path of a random trajectory, after Boracchi and Foi (2012) and Kupyn et al. (DeblurGAN, 2018).

    Light is blurred, not the values of the file, so lamps draw their path as on real photographs; gray stays gray.

    Attributes:
        length: Pixels of way that the image makes during the longest exposure.
        exposures: Fractions of it, of which each image draws one. Published: 0.01, 0.1, 0.5 and 1.
        anxiety: How much the hand shakes, of which each image draws one; little gives strokes, much gives knots.
        gamma: Exponent between values and light; 1 blurs the values, as the published code does.

    Example:
        >>> blurred = TrajectoryBlur.light()(torch.rand(1, 3, 48, 48), torch.Generator().manual_seed(0))
        >>> tuple(blurred.shape)
        (1, 3, 48, 48)
    """

    length: Range = (10.0, 60.0)
    exposures: tuple[float, ...] = (0.5, 1.0)
    anxiety: tuple[float, ...] = ANXIETY
    gamma: float = GAMMA

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: A negative length, bounds in the wrong order, exposures outside of (0, 1], no anxiety or less
                than none, gamma not above 0.
        """
        check_range("length", self.length)
        if not self.exposures or not all(0 < fraction <= 1 for fraction in self.exposures):
            raise ValueError(f"exposures must be fractions in (0, 1], got {self.exposures}")
        if not self.anxiety or min(self.anxiety) < 0:
            raise ValueError(f"anxiety must be numbers of 0 or more, got {self.anxiety}")
        if self.gamma <= 0:
            raise ValueError(f"gamma must be above 0, got {self.gamma}")

    @classmethod
    def light(cls) -> "TrajectoryBlur":
        """A short stroke, 10 to 25 pixels of way: large text stays readable."""
        return cls(length=(10.0, 25.0), exposures=(1.0,), anxiety=(0.003, 0.005))

    @classmethod
    def heavy(cls) -> "TrajectoryBlur":
        """A long stroke, 40 to 80 pixels of way."""
        return cls(length=(40.0, 80.0), exposures=(1.0,), anxiety=(0.001, 0.003))

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Blur a batch.

        ``parameters``: ``length``, ``anxiety`` and ``exposure`` (B,), ``kernel`` (B, 1, K, K) with the K of the
        largest.
        """
        length = uniform(self.length, clean, generator)
        anxiety = choices(self.anxiety, clean, generator)
        exposure = choices(self.exposures, clean, generator)
        paths = random_trajectories(length, anxiety, clean, generator)
        kernel = torch.from_numpy(blur_kernels(paths, exposure.double().cpu().numpy()))
        kernel = kernel.to(clean.device, clean.dtype)[:, None]
        light = convolve(to_light(clean, self.gamma), kernel)
        parameters = {"length": length, "anxiety": anxiety, "exposure": exposure, "kernel": kernel}
        return Sample(from_light(light, self.gamma), parameters)
