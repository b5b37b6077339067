"""A camera's way from light on the sensor to the values of a file, and back.

After Brooks et al., Unprocessing images for learned raw denoising (2019), with the colour matrices of their
code (Apache-2.0).
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from restora.degradations.bayer import PATTERNS
from restora.degradations.colour import from_light, to_light
from restora.degradations.draws import normal, uniform

RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
XYZ_TO_CAMERA = (
    ((1.0234, -0.2969, -0.2266), (-0.5625, 1.6328, -0.0469), (-0.0703, 0.2188, 0.6406)),
    ((0.4913, -0.0541, -0.0202), (-0.613, 1.3513, 0.2906), (-0.1564, 0.2151, 0.7183)),
    ((0.838, -0.263, -0.0639), (-0.2887, 1.0725, 0.2496), (-0.0627, 0.1427, 0.5438)),
    ((0.6596, -0.2079, -0.0562), (-0.4782, 1.3016, 0.1933), (-0.097, 0.1581, 0.5181)),
)
"""Matrices of the four cameras that took the Darmstadt noise data set."""
INFLECTION = 0.9
"""Brightness from which on the inverse gains fade out: what is white in the file is white on the sensor."""


@dataclass(frozen=True)
class Cameras:
    """A camera for each image of a batch.

    Attributes:
        matrix: (B, 3, 3), from linear RGB to the sensor's colours; its rows sum to 1, so gray stays gray.
        gains: (B, 3), what white balance and exposure multiply the sensor's colours by.
        pattern: (B,), index of the colour filter in `bayer.PATTERNS`.
    """

    matrix: Tensor
    gains: Tensor
    pattern: Tensor

    @classmethod
    def draw(cls, clean: Tensor, generator: Generator) -> "Cameras":
        """Draw mixtures of real cameras, with the published distributions of the gains, for a batch."""
        known = torch.tensor(XYZ_TO_CAMERA, device=clean.device, dtype=clean.dtype)
        to_xyz = torch.tensor(RGB_TO_XYZ, device=clean.device, dtype=clean.dtype)
        weights = uniform((1e-3, 1), clean, generator, len(known))
        mixed = torch.einsum("bk,kij->bij", weights / weights.sum(1, keepdim=True), known)
        matrix = mixed @ to_xyz
        # On the way to the sensor brightness is divided by 1 / N(0.8, 0.1); bounded against an empty sensor.
        brightness = 1 / (0.8 + 0.1 * normal(clean, generator)).clamp(0.5, 1.1)
        red, blue = uniform((1.9, 2.4), clean, generator), uniform((1.5, 1.9), clean, generator)
        gains = torch.stack([red, torch.ones_like(red), blue], dim=1) * brightness[:, None]
        pattern = torch.randint(len(PATTERNS), (len(clean),), generator=generator, device=clean.device)
        return cls(matrix / matrix.sum(2, keepdim=True), gains, pattern)

    def monochrome_where(self, gray: Tensor) -> "Cameras":
        """Take a camera that sees brightness only for the images that are ``gray``, (B,) boolean."""
        identity = torch.eye(3, device=gray.device, dtype=self.matrix.dtype)
        green = self.gains[:, 1:2].expand(-1, 3)
        return Cameras(
            torch.where(gray.view(-1, 1, 1), identity, self.matrix),
            torch.where(gray.view(-1, 1), green, self.gains),
            self.pattern,
        )


def unprocess(values: Tensor, cameras: Cameras) -> Tensor:
    """From the values of a file to light on the sensor: tone curve, gamma, colours and gains undone.

    Args:
        values: (B, 3, H, W) in [0, 1].
        cameras: What took them.

    Returns:
        (B, 3, H, W) in [0, 1], 1 where the sensor is full.
    """
    light = to_light(inverse_tone(values))
    sensed = torch.einsum("bij,bjhw->bihw", cameras.matrix, light)
    inverse = 1 / cameras.gains[:, :, None, None]
    brightness = sensed.mean(1, keepdim=True)
    white = ((brightness - INFLECTION).clamp(min=0) / (1 - INFLECTION)) ** 2
    return (sensed * torch.maximum(white + (1 - white) * inverse, inverse)).clamp(0, 1)


def process(sensed: Tensor, cameras: Cameras) -> Tensor:
    """From light on the sensor, of which each pixel has all colours, to the values of a file.

    Args:
        sensed: (B, 3, H, W).
        cameras: What took them.

    Returns:
        (B, 3, H, W) in [0, 1].
    """
    balanced = (sensed * cameras.gains[:, :, None, None]).clamp(0, 1)
    light = torch.einsum("bij,bjhw->bihw", torch.linalg.inv(cameras.matrix), balanced)
    return tone(from_light(light.clamp(0, 1)))


def tone(values: Tensor) -> Tensor:
    """Apply the S-shaped curve of most cameras, 3 v^2 - 2 v^3."""
    return values * values * (3 - 2 * values)


def inverse_tone(values: Tensor) -> Tensor:
    """Undo `tone`.

    Example:
        >>> round(float(inverse_tone(tone(torch.tensor(0.3)))), 4)
        0.3
    """
    return 0.5 - torch.sin(torch.asin(1 - 2 * values.clamp(0, 1)) / 3)
