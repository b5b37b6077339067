"""What every degradation is: a seeded function from clean to degraded images that says what it drew."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Generator, Tensor


@dataclass(frozen=True)
class Sample:
    """A degraded batch and how it came about.

    Attributes:
        degraded: (B, 3, H, W); (B, 6, H, W) where two views are taken (`DualPixelDefocus`).
        parameters: What was drawn for each image, by name, each (B, ...).
    """

    degraded: Tensor
    parameters: dict[str, Tensor]


class Degradation(ABC):
    """A random degradation of a batch of clean images."""

    @abstractmethod
    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Degrade a batch and return the parameters that were drawn.

        Args:
            clean: (B, 3, H, W) in [0, 1], on any device.
            generator: On the device of ``clean``; the same seed gives the same result.
        """

    def __call__(self, clean: Tensor, generator: Generator) -> Tensor:
        """Degrade a batch (B, 3, H, W) in [0, 1]; see `sample`."""
        return self.sample(clean, generator).degraded
