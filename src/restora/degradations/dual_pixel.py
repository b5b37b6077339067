"""What the two halves of a dual-pixel sensor see of a deep scene."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from restora.degradations.aperture import ApertureShape, half_apertures
from restora.degradations.colour import GAMMA, from_light, to_light
from restora.degradations.convolution import Spectrum
from restora.degradations.defocus import check_lens
from restora.degradations.defocused_scene import DefocusedScene
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import Range


@dataclass(frozen=True)
class DualPixelDefocus(Degradation):
    """What the two halves of a dual-pixel sensor see, as in DPDD (Abuolaim and Brown, 2020); the result has 6 channels.

    The left view comes first. Light comes to each from one half of the lens, so what is out of focus is shifted
    between them, to one side before the plane of focus and to the other behind it. With the same seed, the mean
    light of both is exactly that of `DepthDefocus`.

    Attributes:
        radius: Of the largest circle of confusion in the image, in pixels.
        shape: Of the aperture.
        gamma: Exponent between values and light.

    Example:
        >>> views = DualPixelDefocus()(torch.rand(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> tuple(views.shape)
        (1, 6, 32, 32)
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
        """Take both views of a batch: (B, 6, H, W); ``parameters`` as of `DepthDefocus`."""
        scene = DefocusedScene.draw(self.radius, self.shape, clean, generator)
        light = to_light(clean, self.gamma)
        left, right = torch.zeros_like(light), torch.zeros_like(light)
        spectrum = Spectrum(light, scene.size)
        for share, kernels, circle in scene.layers():
            halves = half_apertures(kernels, circle)
            left += share * spectrum.convolved(halves[0])
            right += share * spectrum.convolved(halves[1])
        return Sample(from_light(torch.cat([left, right], 1), self.gamma), scene.parameters())
