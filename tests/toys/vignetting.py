"""A lens that is darker in its corners: a degradation in one new file, as tests of the registry add it."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from restora.degradations import Degradation, Sample
from restora.degradations.draws import per_image, uniform
from restora.degradations.limits import Share


@dataclass(frozen=True)
class Vignetting(Degradation, kind="vignetting"):
    """Corners that are darker than the middle, y = x (1 - s r^2), r = 1 in the corners.

    Attributes:
        strength: Share of the light that the corners lose.
    """

    presets: ClassVar = {"strong": {"strength": (0.6, 0.8)}}

    strength: Share = (0.1, 0.5)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Darken a batch; ``parameters["strength"]`` is (B,)."""
        strength = uniform(self.strength, clean, generator)
        down, right = (
            torch.linspace(-1, 1, side, device=clean.device, dtype=clean.dtype) for side in clean.shape[-2:]
        )
        fall = (down[:, None] ** 2 + right**2) / 2
        return Sample(clean * (1 - per_image(strength) * fall), {"strength": strength})
