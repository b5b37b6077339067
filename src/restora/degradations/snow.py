"""Snow: flakes of several sizes, and the veil of those that are too small and far to be seen."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Generator, Tensor

from restora.degradations.colour import are_gray
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import log_uniform, normal, per_image, uniform
from restora.degradations.haze import scatter
from restora.degradations.limits import Amount, Angle, Range, Share, Within, check_fields
from restora.degradations.particles import flakes, scattered
from restora.degradations.scene_depth import random_depth


@dataclass(frozen=True)
class FlakeLayer:
    """Flakes of similar size.

    Attributes:
        radius: Radius in pixels.
        coverage: Share of the image that they cover.
        opacity: Opacity of a flake; most are faint.
        softness: Width of the rim over the radius; large near flakes are out of focus.

    Example:
        >>> FlakeLayer(radius=(0.5, 1.3), coverage=(0.02, 0.08)).opacity
        (0.1, 1.0)
    """

    radius: Annotated[Range, Within(0.3)]
    coverage: Share
    opacity: Share = (0.1, 1.0)
    softness: Annotated[Range, Within(0, 2)] = (0.6, 1.2)

    def __post_init__(self) -> None:
        """Check the fields; see `check_fields`."""
        check_fields(self)


FINE = FlakeLayer(radius=(0.5, 1.3), coverage=(0.02, 0.08))
MIDDLE = FlakeLayer(radius=(1.3, 3.0), coverage=(0.01, 0.05))
COARSE = FlakeLayer(radius=(3.0, 9.0), coverage=(0.02, 0.08), opacity=(0.05, 0.7), softness=(0.8, 2.0))
SHAPES = 8
"""Different flakes in each layer of an image; of four, each would be seen again and again."""


@dataclass(frozen=True)
class Snow(Degradation, kind="snow"):
    """Irregular soft flakes, drawn out by their motion, before a veil.

    I = K T + A (1 - T), K = J (1 - Z) + C Z: Z is the opacity of the flakes and C their colour, near white
    (Liu et al., DesnowNet, 2018); T = exp(-beta d) over a random scene (Chen et al., JSTASR, 2020), if there
    is a veil. On gray images flakes are white.

    Attributes:
        layers: Layers of flakes, from far to near.
        angle: Angle in degrees from the vertical, positive where flakes fall to the left.
        motion: Way of a flake during the exposure, relative to its radius.
        tint: Standard deviation of the three channels of the colour of flakes about 0.95.
        beta: Scattering coefficient of the veil; 0 for none.
        airlight: Brightness of the veil.

    Example:
        >>> snow = Snow.preset("large").sample(torch.zeros(1, 3, 64, 64), torch.Generator().manual_seed(0))
        >>> bool(snow.degraded.max() > 0.5), bool(snow.parameters["flakes"].mean() < 0.3)
        (True, True)
    """

    presets: ClassVar = {  # in the manner of
        "small": {"layers": (FINE,)},  # Snow100K-S: fine flakes
        "medium": {"layers": (FINE, MIDDLE)},  # Snow100K-M: fine and middle ones
        "large": {},  # Snow100K-L: flakes of all sizes
        "veiled": {"beta": (0.3, 1.0)},  # CSD: flakes of all sizes and a veil
    }

    layers: tuple[FlakeLayer, ...] = (FINE, MIDDLE, COARSE)
    angle: Angle = (-45.0, 45.0)
    motion: Amount = (0.0, 2.0)
    tint: Annotated[float, Within(0, 1)] = 0.01
    beta: Amount = (0.0, 0.0)
    airlight: Share = (0.8, 1.0)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Snow on a batch.

        ``parameters``: ``angle``, ``beta`` and ``airlight`` (B,); ``colour`` (B, 3); ``flakes`` and ``depth``
        (B, 1, H, W), opacity and depth in [0, 1].
        """
        angle = uniform(self.angle, clean, generator)
        beta, airlight = (uniform(bounds, clean, generator) for bounds in (self.beta, self.airlight))
        colour = (0.95 + self.tint * normal(clean, generator, 3)).clamp(0, 1)
        colour = torch.where(are_gray(clean).view(-1, 1), colour.mean(1, keepdim=True), colour)
        depth = random_depth(clean, generator)
        seen = torch.ones_like(clean[:, :1])
        for layer in self.layers:
            seen = seen * (1 - self._flakes(layer, angle, clean, generator))
        snowy = clean * seen + colour.view(-1, 3, 1, 1) * (1 - seen)
        snowy = scatter(snowy, torch.exp(-per_image(beta) * depth), per_image(airlight))
        drawn = {"angle": angle, "beta": beta, "airlight": airlight, "colour": colour}
        return Sample(snowy, {**drawn, "flakes": 1 - seen, "depth": depth})

    def _flakes(self, layer: FlakeLayer, angle: Tensor, clean: Tensor, generator: Generator) -> Tensor:
        """Opacity of a layer: (B, 1, H, W)."""
        radius = log_uniform(layer.radius, clean, generator, SHAPES)  # small ones are many
        motion = uniform(self.motion, clean, generator, SHAPES) * radius
        softness = uniform(layer.softness, clean, generator, SHAPES)
        directions = angle[:, None] + uniform((-10, 10), clean, generator, SHAPES)
        lobes = 0.09 * normal(clean, generator, SHAPES, 2, 2).clamp(-2, 2)
        place = uniform((-0.5, 0.5), clean, generator, SHAPES, 2)
        largest, longest = layer.radius[1], self.motion[1]
        size = math.ceil(largest * (1.5 + layer.softness[1] / 2 + longest / 2) + 1)
        shapes = flakes(radius, softness, motion, directions, lobes, place, size)
        coverage = uniform(layer.coverage, clean, generator)[:, None]
        # As many as give the coverage, all shapes alike; where they overlap it is a little less.
        density = coverage / shapes.sum((2, 3)).mean(1, keepdim=True) / SHAPES
        return scattered(shapes, density.expand(-1, SHAPES), layer.opacity, clean, generator)
