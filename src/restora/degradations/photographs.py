"""Photographs as what is degraded, and back."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from restora.degradations.degradation import Degradation, all_presets, find_preset
from restora.errors import RestoraError
from restora.images import Photograph
from restora.pixels import convert_depth
from restora.tensors import to_pixels, to_tensor

COPIES = 16
"""Pictures of 8 bits that take the room of the photograph as floats, before it is reduced."""
SIDE = 1280
"""Longer side in pixels at which drops and blur look as large as on the data sets."""


def picture_presets() -> list[str]:
    """Return the names of those presets that make one picture of a picture, in the order in which light meets them."""
    return [name for name, made in all_presets().items() if made.channels == 3]


def picture_steps(names: Sequence[str]) -> tuple[Degradation, ...]:
    """Return the presets of these names.

    Raises:
        RestoraError: One is unknown, or makes two views of a picture.
    """
    steps = tuple(map(find_preset, names))
    if views := [name for name, step in zip(names, steps, strict=True) if step.channels != 3]:
        raise RestoraError(
            f"{views[0]}: makes the two views of a dual-pixel sensor, and a picture holds one; it is for recipes"
        )
    return steps


def clean_tensor(photograph: Photograph, side: int = SIDE) -> Tensor:
    """Return an upright photograph on white: (3, H, W) in [0, 1], H and W at most ``side``, which 0 leaves open."""
    image = to_tensor(photograph.shown())
    height, width = image.shape[1:]
    if not 0 < side < max(height, width):
        return image
    scale = side / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    reduced = torch.nn.functional.interpolate(
        image[None], size, mode="bilinear", antialias=True, align_corners=False
    )
    return reduced[0].clamp(0, 1)


def pixels_like(image: Tensor, like: Photograph) -> NDArray[Any]:
    """Return (3, H, W) as the pixels of a photograph of the depth of another, gray if both are."""
    values = to_pixels(image.clamp(0, 1))
    if like.is_gray and bool((values == values[..., :1]).all()):
        values = values[..., 0]
    return convert_depth(values, like.pixels.dtype)
