"""Blur of a lens in a deep scene: one plane is sharp, the rest the less the farther from it."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from restora.degradations.aperture import ApertureShape
from restora.degradations.colour import GAMMA, from_light, to_light
from restora.degradations.convolution import Spectrum
from restora.degradations.defocus import check_lens
from restora.degradations.defocused_scene import DefocusedScene
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import Range


@dataclass(frozen=True)
class DepthDefocus(Degradation):
    """Defocus that varies smoothly over a random scene.

    Each pixel sees the kernel of its own circle of confusion, interpolated between discs at most a pixel apart.

    Attributes:
        radius: Of the largest circle of confusion in the image, in pixels.
        shape: Of the aperture.
        gamma: Exponent between values and light.

    Example:
        >>> sample = DepthDefocus().sample(torch.rand(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> tuple(sample.parameters["circle"].shape)
        (1, 1, 32, 32)
    """

    radius: Range = (3.0, 12.0)
    shape: ApertureShape = "butterworth"
    gamma: float = GAMMA

    def __post_init__(self) -> None:
        """Check the range.

        Raises:
            ValueError: As `Defocus`.
        """
        check_lens(self.radius, self.shape, self.gamma)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Blur a batch.

        ``parameters``: ``radius`` (B,), ``circle`` (B, 1, H, W) in pixels, negative before the plane of focus, and
        those of a `Lens` if it is a Butterworth disc.
        """
        scene = DefocusedScene.draw(self.radius, self.shape, clean, generator)
        light = to_light(clean, self.gamma)
        blurred = torch.zeros_like(light)
        spectrum = Spectrum(light, scene.size)
        for share, kernels, _ in scene.layers():
            blurred += share * spectrum.convolved(kernels)
        return Sample(from_light(blurred, self.gamma), scene.parameters())
