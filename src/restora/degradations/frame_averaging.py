"""Blur as the mean of many frames of a camera that moves, turns and comes closer."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from restora.degradations.colour import GAMMA, from_light, to_light
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import per_image, uniform
from restora.degradations.limits import Amount, Positive, Range, Share, Within

SATURATED = 0.98
"""Value from which on a pixel may have been brighter than the camera could record."""


@dataclass(frozen=True)
class FrameAveraging(Degradation, kind="motion_frames", family="motion"):
    """Mean of warped frames in linear light, developed by the camera's response: B = g(mean(g^-1(S_i))).

    So Nah et al. (GoPro, 2017) and Rim et al. (RSBlur, 2022) made their sets, from videos; here the frames
    are one photograph, moved along an arc, turned and enlarged step by step, at most one pixel a step. The
    middle frame is the photograph itself. Unlike `TrajectoryBlur` it differs from place to place. Saturated
    pixels were brighter than the file can say (Rim et al.): they are raised before and clipped after, so
    lamps draw bright lines.

    Attributes:
        shift: Length of the way in pixels, in any direction.
        bend: Distance of the way from a straight line, relative to its length.
        rotation: Degrees that the camera turns, either way.
        zoom: Growth of the image, relative; either way.
        saturation: Light by which saturated pixels exceed 1.
        gamma: The camera's response, g(v) = v^(1/gamma).

    Example:
        >>> blurred = FrameAveraging()(torch.full((1, 3, 16, 16), 0.5), torch.Generator().manual_seed(0))
        >>> bool((blurred - 0.5).abs().max() < 1e-5)  # nothing to be seen on an even surface
        True
    """

    presets: ClassVar = {"frames": {}}

    shift: Amount = (4.0, 24.0)
    bend: Amount = (0.0, 0.5)
    rotation: Annotated[Range, Within(0, 180)] = (0.0, 1.5)
    zoom: Share = (0.0, 0.02)
    saturation: Amount = (0.25, 1.75)
    gamma: Positive = GAMMA

    def frames(self, height: int, width: int) -> int:
        """Return how many frames an image takes so that none moves by more than about a pixel; odd."""
        corner = math.hypot(height, width) / 2
        way = self.shift[1] * (1 + self.bend[1]) + corner * (math.radians(self.rotation[1]) + self.zoom[1])
        return 2 * math.ceil(way / 2) + 1

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Blur a batch.

        ``parameters``: ``shift`` (B, 2), pixels down and right; ``bend``, ``rotation`` (degrees), ``zoom``
        and ``saturation`` (B,).
        """
        angle = 2 * math.pi * uniform((0, 1), clean, generator)
        direction = torch.stack([angle.sin(), angle.cos()], dim=1)  # (B, 2), down and right
        shift = uniform(self.shift, clean, generator)[:, None] * direction
        bend = uniform(self.bend, clean, generator)
        signs = torch.where(uniform((0, 1), clean, generator, 2) < 0.5, -1.0, 1.0).to(clean.dtype)
        rotation = uniform(self.rotation, clean, generator) * signs[:, 0]
        zoom = uniform(self.zoom, clean, generator) * signs[:, 1]
        saturation = uniform(self.saturation, clean, generator)

        light = raised(to_light(clean, self.gamma), clean, saturation)
        across = torch.stack([-shift[:, 1], shift[:, 0]], dim=1)
        total = torch.zeros_like(light)
        count = self.frames(*clean.shape[-2:])
        for moment in torch.linspace(-0.5, 0.5, count, dtype=torch.float64, device="cpu").tolist():
            # By the factor 4 the ends of an arc of length 1 are ``bend`` away from its tangent in the middle.
            place = shift * moment + across * (4 * bend * moment**2)[:, None]
            total += warped(light, place, torch.deg2rad(rotation) * moment, 1 + zoom * moment)
        blurred = from_light((total / count).clamp(0, 1), self.gamma)
        parameters = {
            "shift": shift,
            "bend": bend,
            "rotation": rotation,
            "zoom": zoom,
            "saturation": saturation,
        }
        return Sample(blurred, parameters)


def raised(light: Tensor, values: Tensor, saturation: Tensor) -> Tensor:
    """Give back to saturated pixels what the camera cut off.

    Args:
        light: (B, 3, H, W).
        values: Values of the file, (B, 3, H, W) in [0, 1].
        saturation: (B,), factor of their light that was cut off; less below 1, and none below `SATURATED`.
    """
    brightest = values.amax(1, keepdim=True)
    share = ((brightest - SATURATED) / (1 - SATURATED)).clamp(0, 1)
    return light * (1 + per_image(saturation) * share)


def warped(images: Tensor, shift: Tensor, angle: Tensor, zoom: Tensor) -> Tensor:
    """Move, turn and enlarge images about their centre; beyond the border they go on as their mirror images.

    Args:
        images: (B, C, H, W).
        shift: (B, 2), pixels down and right.
        angle: (B,), radians.
        zoom: (B,), factor.

    Returns:
        (B, C, H, W), interpolated by cubics, not below 0.
    """
    height, width = images.shape[-2:]
    rows = torch.arange(height, device=images.device, dtype=images.dtype) - (height - 1) / 2
    columns = torch.arange(width, device=images.device, dtype=images.dtype) - (width - 1) / 2
    down = rows.view(1, -1, 1) - shift[:, :1, None]
    right = columns.view(1, 1, -1) - shift[:, 1:, None]
    cosine, sine = ((f(angle) / zoom).view(-1, 1, 1) for f in (torch.cos, torch.sin))
    # grid_sample wants columns first, in units where the image spans [-1, 1] from edge to edge.
    grid = torch.stack(
        [(cosine * right - sine * down) * (2 / width), (sine * right + cosine * down) * (2 / height)], dim=-1
    )
    moved = F.grid_sample(images, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    return moved.clamp(min=0)
