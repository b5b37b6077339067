"""Rain: streaks of falling drops, and the mist between them."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

import torch
from torch import Generator, Tensor

from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import per_image, uniform
from restora.degradations.haze import scatter
from restora.degradations.limits import Angle, Range, Share, Within
from restora.degradations.particles import scattered, shared, streaks, varied

Blend: TypeAlias = Literal["screen", "additive"]
JITTER: Range = (-2.0, 2.0)
"""Degrees by which single drops fall differently from their neighbours."""


@dataclass(frozen=True)
class Rain(Degradation, kind="rain"):
    """Streaks in one or more directions and at several distances, and a veil.

    O = a (B + S) + (1 - a) A with additive blending (Yang et al., JORDER, 2017), in which a veil of a share 1
    - a has the colour A of the sky; with screen blending, B + S becomes 1 - (1 - B) (1 - S), which never
    exceeds white. S is white, so gray images stay gray. The result is clipped to [0, 1].

    Attributes:
        directions: Number of directions rain falls in at once: one, or several as in the heavy sets.
        angle: Degrees from the vertical, positive where drops fall to the left.
        spread: Degrees by which each direction may differ from ``angle``, either way.
        length: Length of the longest of the nearest streaks in pixels; others have half of it or more.
        width: Width of the widest of the nearest streaks in pixels; others have half of it or more.
        density: Streaks in each direction and at each distance, per 1000 pixels.
        opacity: Opacity of the most opaque streaks: what they add to black. Most are fainter.
        scales: Scales of the distances: streaks are this much shorter and thinner, and as much more numerous.
        veil: Share of the light that comes from the mist instead of the scene.
        airlight: Brightness of the mist.
        blend: Way in which streaks and scene are added.

    Example:
        >>> rain = Rain.preset("light").sample(torch.zeros(1, 3, 64, 64), torch.Generator().manual_seed(0))
        >>> torch.equal(rain.degraded[:, :1], rain.parameters["streaks"])
        True
    """

    presets: ClassVar = {
        "light": {},  # in the manner of Rain100L: one direction, streaks that are added, no veil
        "heavy": {  # in the manner of Rain100H: five directions, many streaks, a veil
            "directions": 5,
            "spread": 20.0,
            "length": (30.0, 70.0),
            "width": (1.2, 3.0),
            "density": (1.5, 2.8),
            "opacity": (0.45, 0.95),
            "veil": (0.0, 0.25),
        },
    }

    directions: Annotated[int, Within(1)] = 1
    angle: Angle = (-30.0, 30.0)
    spread: Annotated[float, Within(0, 90)] = 0.0
    length: Annotated[Range, Within(1)] = (20.0, 70.0)
    width: Annotated[Range, Within(0.5)] = (1.2, 3.5)
    density: Annotated[Range, Within(0, 1000)] = (0.8, 3.0)
    opacity: Share = (0.2, 0.75)
    scales: Annotated[tuple[float, ...], Within(0, 1, above=True)] = (1.0, 0.6)
    veil: Share = (0.0, 0.0)
    airlight: Share = (0.7, 0.9)
    blend: Blend = "additive"

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Rain on a batch.

        ``parameters``: ``angle`` (B, directions); ``length``, ``width``, ``density``, ``opacity``, ``veil``
        and ``airlight`` (B,); ``streaks`` (B, 1, H, W), what they add to black.
        """
        apart = uniform((-self.spread, self.spread), clean, generator, self.directions)
        angle = uniform(self.angle, clean, generator, 1) + apart
        names = ("length", "width", "density", "opacity", "veil", "airlight")
        drawn = {name: uniform(getattr(self, name), clean, generator) for name in names}
        dark = torch.ones_like(clean[:, :1])  # what the streaks leave black
        for direction in angle.unbind(1):
            for scale in self.scales:
                layer = self._layer(direction, scale, drawn, clean, generator)
                dark = dark * (1 - per_image(drawn["opacity"]) * layer)
        rain = 1 - dark
        wet = clean + rain if self.blend == "additive" else 1 - (1 - clean) * dark
        misty = scatter(wet, 1 - per_image(drawn["veil"]), per_image(drawn["airlight"])).clamp(0, 1)
        return Sample(misty, {"angle": angle, **drawn, "streaks": rain})

    def _layer(
        self, direction: Tensor, scale: float, drawn: dict[str, Tensor], clean: Tensor, generator: Generator
    ) -> Tensor:
        """Streaks of one direction and distance: (B, 1, H, W), opacity relative to the greatest."""
        length = drawn["length"][:, None] * scale * varied((0.5, 1), clean, generator)
        width = drawn["width"][:, None] * scale * varied((0.5, 1), clean, generator)
        angle = direction[:, None] + varied(JITTER, clean, generator)
        size = math.ceil(self.length[1] * scale / 2)
        kernels = streaks(length, width.clamp(min=0.8), angle, size)  # thinner ones would be dotted
        return scattered(kernels, shared(drawn["density"] / 1000 / scale), (0, 1), clean, generator)
