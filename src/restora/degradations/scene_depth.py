"""Random depth, for photographs come without."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from restora.degradations.draws import normal, per_image, uniform
from restora.degradations.limits import Range

COARSEST = 2
"""Cells of the coarsest octave along the longer side."""
OCTAVES = 4
RAMP: Range = (0.5, 1.0)


def smooth_noise(clean: Tensor, generator: Generator, octaves: int = OCTAVES) -> Tensor:
    """Draw a smooth random field: octaves of noise on grids of 3, 5, 9, ... points, each half as strong.

    Args:
        clean: (B, ..., H, W).
        generator: On the device of ``clean``.
        octaves: More of them give finer structure.

    Returns:
        (B, 1, H, W) that spans [0, 1] in every image.
    """
    height, width = clean.shape[-2:]
    longest = max(height, width)
    field = clean.new_zeros(len(clean), 1, height, width)
    for octave in range(octaves):
        # Cells are square, however long the image.
        cells = [max(1, round(COARSEST * 2**octave * side / longest)) for side in (height, width)]
        grid = normal(clean, generator, 1, cells[0] + 1, cells[1] + 1)
        field += F.interpolate(grid, (height, width), mode="bicubic", align_corners=True) * 0.5 ** (
            1.5 * octave
        )
    return stretched(field)


def random_depth(clean: Tensor, generator: Generator, ramp: Range = RAMP) -> Tensor:
    """Draw the depth of a scene: smooth, and on the whole farther at the top, as on most photographs.

    Args:
        clean: (B, ..., H, W).
        generator: On the device of ``clean``.
        ramp: Share of the vertical ramp, drawn for every image; the rest is `smooth_noise`.

    Returns:
        (B, 1, H, W) that spans [0, 1] in every image, 0 the nearest point and 1 the farthest.

    Example:
        >>> depth = random_depth(torch.zeros(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> float(depth.min()), float(depth.max()), bool(depth[..., 0, :].mean() > depth[..., -1, :].mean())
        (0.0, 1.0, True)
    """
    height = clean.shape[-2]
    share = per_image(uniform(ramp, clean, generator))
    rise = torch.linspace(1, 0, height, device=clean.device, dtype=clean.dtype).view(-1, 1)
    return stretched(share * rise + (1 - share) * smooth_noise(clean, generator))


def stretched(field: Tensor) -> Tensor:
    """Stretch each image of (B, 1, H, W) to [0, 1]; one that is constant becomes 0."""
    low, high = field.amin((1, 2, 3), keepdim=True), field.amax((1, 2, 3), keepdim=True)
    return (field - low) / (high - low).clamp(min=torch.finfo(field.dtype).tiny)
