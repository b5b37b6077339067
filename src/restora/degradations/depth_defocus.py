"""Blur of a lens in a deep scene: one plane is sharp, the rest the less the farther from it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from restora.degradations.aperture import ApertureShape, half_apertures, kernel_size
from restora.degradations.colour import GAMMA, from_light, to_light
from restora.degradations.convolution import Spectrum
from restora.degradations.defocus import Lens
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import per_image, uniform
from restora.degradations.limits import Amount, Positive, Range
from restora.degradations.scene_depth import random_depth

NEAREST = 0.4
"""Distance of the nearest point, relative to that of the farthest."""


@dataclass(frozen=True)
class DepthDefocus(Degradation, kind="depth_defocus", family="defocus"):
    """Defocus that varies smoothly over a random scene.

    Each pixel sees the kernel of its own circle of confusion, interpolated between discs at most a pixel
    apart.

    Attributes:
        radius: Radius of the largest circle of confusion in the image, in pixels.
        shape: Shape of the aperture.
        gamma: Exponent between values and light.

    Example:
        >>> sample = DepthDefocus().sample(torch.rand(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> tuple(sample.parameters["circle"].shape)
        (1, 1, 32, 32)
    """

    presets: ClassVar = {"depth": {}}

    radius: Amount = (3.0, 12.0)
    shape: ApertureShape = "butterworth"
    gamma: Positive = GAMMA

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Blur a batch.

        ``parameters``: ``radius`` (B,), ``circle`` (B, 1, H, W) in pixels, negative before the plane of
        focus, and those of a `Lens` if it is a Butterworth disc.
        """
        scene = DefocusedScene.draw(self.radius, self.shape, clean, generator)
        light = to_light(clean, self.gamma)
        blurred = torch.zeros_like(light)
        spectrum = Spectrum(light, scene.size)
        for share, kernels, _ in scene.layers():
            blurred += share * spectrum.convolved(kernels)
        return Sample(from_light(blurred, self.gamma), scene.parameters())


@dataclass(frozen=True)
class DualPixelDefocus(Degradation, kind="dual_pixel_defocus", family="defocus"):
    """Both views of a dual-pixel sensor, as in DPDD (Abuolaim and Brown, 2020); the result has 6 channels.

    The left view comes first. Light comes to each from one half of the lens, so what is out of focus is
    shifted between them, to one side before the plane of focus and to the other behind it. With the same
    seed, the mean light of both is exactly that of `DepthDefocus`.

    Attributes:
        radius: Radius of the largest circle of confusion in the image, in pixels.
        shape: Shape of the aperture.
        gamma: Exponent between values and light.

    Example:
        >>> views = DualPixelDefocus()(torch.rand(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> tuple(views.shape)
        (1, 6, 32, 32)
    """

    channels = 6
    presets: ClassVar = {"dual": {}}

    radius: Amount = (3.0, 12.0)
    shape: ApertureShape = "butterworth"
    gamma: Positive = GAMMA

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


def circles_of_confusion(clean: Tensor, radius: Tensor, generator: Generator) -> Tensor:
    """Draw a scene and a plane of focus; return the radius of the circle of confusion everywhere.

    By the thin lens c is proportional to (z - d) / z for a point at z and focus at d.

    Args:
        clean: (B, ..., H, W).
        radius: (B,), that of the point farthest out of focus.
        generator: On the device of ``clean``.

    Returns:
        (B, 1, H, W) in pixels, negative before the plane of focus.
    """
    distance = NEAREST + (1 - NEAREST) * random_depth(clean, generator, ramp=(0.0, 0.9))
    focus = per_image(uniform((NEAREST, 1), clean, generator))
    circle = (distance - focus) / distance
    return per_image(radius) * circle / circle.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-6)


@dataclass(frozen=True)
class DefocusedScene:
    """Circles of confusion over a batch, cut into layers at most a pixel apart.

    Attributes:
        lens: What draws the circles.
        radius: (B,), of the largest circle in each image.
        circle: (B, 1, H, W), of each pixel; negative before the plane of focus.
        largest: The largest radius there can be.
    """

    lens: Lens
    radius: Tensor
    circle: Tensor
    largest: float

    @classmethod
    def draw(
        cls, bounds: Range, shape: ApertureShape, clean: Tensor, generator: Generator
    ) -> "DefocusedScene":
        """Draw a lens and a scene for every image; ``bounds`` are those of the largest circle."""
        radius = uniform(bounds, clean, generator)
        lens = Lens.draw(shape, clean, generator)
        return cls(lens, radius, circles_of_confusion(clean, radius, generator), bounds[1])

    @property
    def size(self) -> int:
        """Radius of the kernels, in whole pixels."""
        return kernel_size(self.largest, self.lens.shape)

    def layers(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield layers from front to back: shares (B, 1, H, W), which sum to 1, kernels, circles (B,)."""
        steps = max(1, math.ceil(self.largest))
        # Where a pixel is between -steps and steps; layers share it as linear interpolation does.
        place = self.circle / per_image(self.radius).clamp(min=1e-6) * steps
        for step in range(-steps, steps + 1):
            circle = self.radius * (step / steps)
            yield (1 - (place - step).abs()).clamp(min=0), self.lens.kernels(circle, self.largest), circle

    def parameters(self) -> dict[str, Tensor]:
        """Return what was drawn, by name."""
        return {"radius": self.radius, "circle": self.circle, **self.lens.parameters()}
