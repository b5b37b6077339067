"""A deep scene before a lens: how far out of focus every point is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Generator, Tensor

from restora.degradations.aperture import ApertureShape, kernel_size
from restora.degradations.defocus import Lens
from restora.degradations.draws import Range, per_image, uniform
from restora.degradations.scene_depth import random_depth

NEAREST = 0.4
"""Distance of the nearest point, relative to that of the farthest."""


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
        """Yield for layers from front to back: shares (B, 1, H, W), which sum to 1, kernels, and circles (B,)."""
        steps = max(1, math.ceil(self.largest))
        # Where a pixel is between -steps and steps; layers share it as linear interpolation does.
        place = self.circle / per_image(self.radius).clamp(min=1e-6) * steps
        for step in range(-steps, steps + 1):
            circle = self.radius * (step / steps)
            yield (1 - (place - step).abs()).clamp(min=0), self.lens.kernels(circle, self.largest), circle

    def parameters(self) -> dict[str, Tensor]:
        """Return what was drawn, by name."""
        return {"radius": self.radius, "circle": self.circle, **self.lens.parameters()}
