"""Many small things in the air, at random places."""

import math

import torch
from torch import Generator, Tensor

from restora.degradations.convolution import fast_length
from restora.degradations.draws import uniform
from restora.degradations.limits import Range

VARIETY = 4
"""Different streaks in each layer of an image."""
RIM = 2.0
"""Narrowest rim of a flake in pixels: no lens is sharper; with less, fine flakes are rectangles of pixels."""


def scattered(
    kernels: Tensor, density: Tensor, opacity: Range, clean: Tensor, generator: Generator
) -> Tensor:
    """Scatter shapes over a batch of images, also half over its border.

    Args:
        kernels: (B, V, K, K) with K odd, V shapes for each image, each with a peak of 1.
        density: (B, V), how many of each shape there are per pixel; their sum is 1 at most.
        opacity: Opacity of each particle, in [0, 1]; low values are drawn more often than high ones.
        clean: (B, ..., H, W).
        generator: On the device of ``clean``.

    Returns:
        (B, 1, H, W), opacity in [0, 1].

    Example:
        >>> dot, black = torch.ones(1, 1, 1, 1), torch.zeros(1, 3, 100, 100)
        >>> dots = scattered(dot, torch.full((1, 1), 0.1), (1, 1), black, torch.Generator().manual_seed(0))
        >>> round(float(dots.mean()), 2)
        0.1
    """
    height, width = clean.shape[-2:]
    side = kernels.shape[-1]
    canvas = (height + side - 1, width + side - 1)
    # One number for each place says whether there is a particle (below the sum of the densities), of which
    # shape (between whose bounds) and how opaque it is (where between them).
    place = uniform((0, 1), clean, generator, 1, *canvas)
    upper = density.cumsum(1)[:, :, None, None]
    span = density[:, :, None, None].clamp(min=1e-12)
    rest = (upper - place) / span  # (B, V, ...), uniform in (0, 1] where it is this shape
    low, high = opacity
    # Squared, for most of what is in the air is far away or falls between two moments: most are faint.
    seeds = torch.where((rest > 0) & (rest <= 1), low + (high - low) * rest**2, 0)
    size = [fast_length(extent) for extent in canvas]
    spectrum = torch.fft.rfft2(seeds, s=size) * torch.fft.rfft2(kernels, s=size)
    cover = torch.fft.irfft2(spectrum.sum(1, keepdim=True), s=size)
    # What lies before is wrapped around; there the canvas is larger than the image.
    inside: Tensor = cover[..., side - 1 : canvas[0], side - 1 : canvas[1]]
    return inside.clamp(0, 1)


def streaks(length: Tensor, width: Tensor, angle: Tensor, size: int) -> Tensor:
    """Draw shapes of drops that fall during the exposure: straight, soft across, fading out at both ends.

    Args:
        length: (B, V) in pixels.
        width: (B, V), full width at half maximum in pixels.
        angle: (B, V) in degrees from the vertical, positive where the lower end is on the left.
        size: Radius of the kernels in pixels.

    Returns:
        (B, V, 2 size + 1, 2 size + 1), each with a peak of 1 in the middle.
    """
    along, across = _turned(angle, size)
    fade = (1 - (2 * along / length[..., None, None]).abs() ** 3).clamp(min=0)
    sigma = width[..., None, None] / (2 * math.sqrt(2 * math.log(2)))
    return fade * torch.exp(-0.5 * (across / sigma) ** 2)


def flakes(
    radius: Tensor, softness: Tensor, motion: Tensor, angle: Tensor, lobes: Tensor, place: Tensor, size: int
) -> Tensor:
    """Draw irregular soft blobs, drawn out by motion.

    Args:
        radius: (B, V) in pixels, at half the opacity.
        softness: (B, V), width of the rim over the radius, from 0 (sharp) to 2 (opacity falls from the middle
            on).
        motion: (B, V), way during the exposure in pixels.
        angle: (B, V) in degrees from the vertical, as of `streaks`.
        lobes: (B, V, 2, 2), amplitudes of two and of three lobes of the outline (cosine and sine), a few
            tenths.
        place: (B, V, 2), where between the pixels they are, within half a pixel; snow does not fall on a
            grid.
        size: Radius of the kernels in pixels.

    Returns:
        (B, V, 2 size + 1, 2 size + 1), each with a peak of 1.
    """
    along, across = _turned(angle, size)
    along, across = along - place[..., :1, None], across - place[..., 1:, None]
    half = motion[..., None, None] / 2
    along = along - torch.minimum(torch.maximum(along, -half), half)  # from the nearest point of the way
    distance, direction = torch.hypot(along, across), torch.atan2(along, across)
    outline = torch.ones_like(distance)
    for number, (cosine, sine) in zip((2, 3), lobes.permute(2, 3, 0, 1).unbind(0), strict=True):
        outline = outline + cosine[..., None, None] * torch.cos(number * direction)
        outline = outline + sine[..., None, None] * torch.sin(number * direction)
    r = radius[..., None, None]
    rim = (softness[..., None, None] * r).clamp(min=RIM)
    blob = ((r * outline - distance) / rim + 0.5).clamp(0, 1)
    blob = blob * blob * (3 - 2 * blob)
    return blob / blob.amax((2, 3), keepdim=True).clamp(min=1e-6)


def varied(bounds: Range, clean: Tensor, generator: Generator) -> Tensor:
    """Draw a number for each of the `VARIETY` shapes of every image: (B, VARIETY)."""
    return uniform(bounds, clean, generator, VARIETY)


def shared(values: Tensor) -> Tensor:
    """Divide a density (B,) among the shapes: (B, VARIETY)."""
    return (values / VARIETY)[:, None].expand(-1, VARIETY)


def _turned(angle: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Coordinates along a direction and across it, each (B, V, K, K)."""
    steps = torch.arange(-size, size + 1, device=angle.device, dtype=angle.dtype)
    down, right = steps.view(-1, 1), steps
    turn = torch.deg2rad(angle)[..., None, None]
    return down * turn.cos() - right * turn.sin(), down * turn.sin() + right * turn.cos()
