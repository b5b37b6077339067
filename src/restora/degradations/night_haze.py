"""Haze at night: the veil has the colour of the lamp that lights it."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Generator, Tensor

from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import per_image, uniform
from restora.degradations.haze import scatter
from restora.degradations.limits import Range, Share, Within
from restora.degradations.scene_depth import random_depth

GREEN_SHARES = (
    0.012, 0.0158, 0.0176, 0.027, 0.034, 0.0458, 0.0498, 0.069,
    0.0704, 0.0776, 0.0736, 0.074, 0.073, 0.114, 0.2464,
)  # fmt: skip
"""How often the green of street light, relative to its red, lies within 0.025 of 0.3, 0.35, ..., 1."""
BLUE_SPREAD = (
    0.2350, 0.2368, 0.2385, 0.2394, 0.2406, 0.2398, 0.2369, 0.2300,
    0.2194, 0.2081, 0.2080, 0.2079, 0.2079, 0.2078, 0.2077,
)  # fmt: skip
"""Half the width of the distribution of blue in each of these bins of green."""


@dataclass(frozen=True)
class NightHaze(Degradation, kind="night_haze", family="haze"):
    """Night haze after Zhang et al. (Nighttime dehazing with a synthetic benchmark, 2020; 3R).

    One lamp lights the scene, less with distance; t = beta q + 1 - beta, q being the inverse of depth
    relative to that of the nearest point; the colour of the lamp has the published statistics of street
    light. What a network is to restore is the scene without haze and colour but as dark as it was: ``clean *
    parameters["light"]``.

    Attributes:
        beta: Strength of the haze: the share of the light that is scattered at an infinite distance.
        falloff: Share of the lamp's light that is lost at the point farthest from it.
        nearest: Depth of the nearest point, relative to that of the farthest.

    Example:
        >>> night = NightHaze().sample(torch.ones(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> bool(night.degraded.mean() < 1)
        True
    """

    presets: ClassVar = {"night": {}}
    keeps_gray = False

    beta: Share = (0.6, 0.6)
    falloff: Share = (0.5, 0.9)
    nearest: Annotated[Range, Within(0, 1, above=True)] = (0.1, 0.3)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Veil and darken a batch.

        ``parameters``: ``beta`` and ``falloff`` (B,), ``colour`` (B, 3), ``depth`` and ``light`` (B, 1, H,
        W).
        """
        beta = uniform(self.beta, clean, generator)
        falloff = uniform(self.falloff, clean, generator)
        nearest = per_image(uniform(self.nearest, clean, generator))
        depth = nearest + (1 - nearest) * random_depth(clean, generator)
        transmission = per_image(beta) * (nearest / depth) + 1 - per_image(beta)
        light = 1 - per_image(falloff) * _distance_from_lamp(depth, clean, generator)
        colour = lamp_colours(clean, generator)
        lit = light * colour.view(-1, 3, 1, 1)  # (B, 3, H, W)
        hazy = scatter(clean * lit, transmission, lit)
        parameters = {"beta": beta, "falloff": falloff, "colour": colour, "depth": depth, "light": light}
        return Sample(hazy, parameters)


def lamp_colours(clean: Tensor, generator: Generator) -> Tensor:
    """Draw colours of street light, red 1, for every image of a batch: (B, 3) in [0, 1]."""
    shares = torch.tensor(GREEN_SHARES, device=clean.device, dtype=clean.dtype)
    bins = torch.multinomial(shares, len(clean), replacement=True, generator=generator)
    green = 0.3 + 0.05 * bins + uniform((-0.025, 0.025), clean, generator)
    spread = torch.tensor(BLUE_SPREAD, device=clean.device, dtype=clean.dtype)[bins]
    blue = 1.1371 * green - 0.36686 + spread * uniform((-1, 1), clean, generator)
    return torch.stack([torch.ones_like(green), green, blue], dim=1).clamp(0, 1)


def _distance_from_lamp(depth: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """Distance of every point from a lamp at a random place of the image: (B, 1, H, W), 1 at the farthest."""
    height, width = clean.shape[-2:]
    place = uniform((0, 1), clean, generator, 2)
    rows = torch.arange(height, device=clean.device, dtype=clean.dtype).view(-1, 1)
    columns = torch.arange(width, device=clean.device, dtype=clean.dtype)
    down = rows - per_image(place[:, 0]) * height
    across = columns - per_image(place[:, 1]) * width
    # Depth spans as much as the image is wide: a scene is about as deep as it is broad.
    distance = (down**2 + across**2 + (depth * math.hypot(height, width) / 2) ** 2).sqrt()
    return distance / distance.amax((1, 2, 3), keepdim=True)
