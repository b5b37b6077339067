"""Random depth, for photographs come without."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from restora.degradations.draws import log_uniform, normal, per_image, uniform
from restora.degradations.limits import Range

COARSEST = 2
"""Cells of the coarsest octave along the longer side."""
OCTAVES = 4
RAMP: Range = (0.5, 1.0)
HORIZON: Range = (-0.3, 0.8)
"""Height of the horizon of a landscape from the top, in heights of the image."""
HILLS = 0.15
"""How far hills rise above the horizon at most."""
THINGS = 8


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


def landscape_depth(clean: Tensor, generator: Generator) -> Tensor:
    """Draw the depth of a landscape: ground that runs to an uneven horizon, things that stand on it, sky behind all.

    On level ground depth is inverse to the distance below the horizon. A thing is an upright rectangle or ellipse as deep as the
    ground at its foot, and the smaller the farther it stands; so depth jumps at its outline. The horizon may lie above the image,
    as in a crop of the ground, or near its lower border.

    Args:
        clean: (B, ..., H, W).
        generator: On the device of ``clean``.

    Returns:
        (B, 1, H, W) that spans [0, 1] in every image, 0 the nearest point and 1 the farthest.

    Example:
        >>> depth = landscape_depth(torch.zeros(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> float(depth.min()), float(depth.max())
        (0.0, 1.0)
    """
    height, width = clean.shape[-2:]
    y = torch.linspace(0, 1, height, device=clean.device, dtype=clean.dtype).view(-1, 1)
    x = torch.linspace(0, 1, width, device=clean.device, dtype=clean.dtype)
    horizon = per_image(uniform(HORIZON, clean, generator))
    hills = HILLS * smooth_noise(clean, generator)[:, :, height // 2, None]  # (B, 1, 1, W)
    steepness = per_image(uniform((0.05, 0.3), clean, generator))
    ground = steepness / ((y - horizon + hills).clamp(min=0) + steepness)  # 1 at the horizon and above it
    foot = horizon + (1.1 - horizon) * uniform((0, 1), clean, generator, THINGS).view(-1, THINGS, 1, 1)
    depth = steepness / (foot - horizon + steepness)  # (B, THINGS, 1, 1)
    tall = uniform((0.05, 0.6), clean, generator, THINGS).view_as(depth) * (1 - depth)
    broad = tall * log_uniform((0.2, 4), clean, generator, THINGS).view_as(depth)
    across = (x - uniform((0, 1), clean, generator, THINGS).view_as(depth)) / (broad / 2)
    up = (foot - y) / tall
    round_ones = uniform((0, 1), clean, generator, THINGS).view_as(depth) < 0.5
    inside = torch.where(
        round_ones, across**2 + (2 * up - 1) ** 2 < 1, (across.abs() < 1) & (up > 0) & (up < 1)
    )
    things = torch.where(inside, depth, 1.0).amin(1, keepdim=True)
    return stretched(torch.minimum(ground, things))


def stretched(field: Tensor) -> Tensor:
    """Stretch each image of (B, 1, H, W) to [0, 1]; one that is constant becomes 0."""
    low, high = field.amin((1, 2, 3), keepdim=True), field.amax((1, 2, 3), keepdim=True)
    return (field - low) / (high - low).clamp(min=torch.finfo(field.dtype).tiny)
