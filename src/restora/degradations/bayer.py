"""The colour filter of a sensor: one colour a pixel, and back to three."""

import torch
import torch.nn.functional as F
from torch import Tensor

PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")
"""By number: where red is in each block of 2 x 2 pixels, at (0, 0), (0, 1), (1, 0) or (1, 1)."""

# Malvar, He and Cutler, High-quality linear interpolation for demosaicing of Bayer-patterned color images
# (2004), figure 2, times 8: bilinear interpolation, corrected by the Laplacian of the colour that is there.
_GREEN_AT_OTHER = ((0, 0, -1, 0, 0), (0, 0, 2, 0, 0), (-1, 2, 4, 2, -1), (0, 0, 2, 0, 0), (0, 0, -1, 0, 0))
_SAME_ROW_AT_GREEN = (
    (0, 0, 0.5, 0, 0),
    (0, -1, 0, -1, 0),
    (-1, 4, 5, 4, -1),
    (0, -1, 0, -1, 0),
    (0, 0, 0.5, 0, 0),
)
_OPPOSITE = ((0, 0, -1.5, 0, 0), (0, 2, 0, 2, 0), (-1.5, 0, 6, 0, -1.5), (0, 2, 0, 2, 0), (0, 0, -1.5, 0, 0))


def mosaic(rgb: Tensor, pattern: Tensor) -> Tensor:
    """Keep of each pixel the one colour that its filter lets through.

    Args:
        rgb: (B, 3, H, W).
        pattern: (B,), indices of `PATTERNS`.

    Returns:
        (B, 1, H, W).
    """
    red, blue = _masks(rgb, pattern)
    return torch.where(red, rgb[:, :1], torch.where(blue, rgb[:, 2:], rgb[:, 1:2]))


def demosaic(raw: Tensor, pattern: Tensor) -> Tensor:
    """Interpolate the colours that the filter took, as Malvar, He and Cutler do; what is there stays.

    Args:
        raw: (B, 1, H, W) with H, W >= 3; what `mosaic` returned.
        pattern: (B,), indices of `PATTERNS`.

    Returns:
        (B, 3, H, W), not clipped: edges may overshoot.

    Example:
        >>> pattern = torch.tensor([0])
        >>> gray = torch.full((1, 3, 8, 8), 0.5)
        >>> torch.allclose(demosaic(mosaic(gray, pattern), pattern), gray)
        True
    """
    same_column = tuple(zip(*_SAME_ROW_AT_GREEN, strict=True))
    kernels = torch.tensor(
        (_GREEN_AT_OTHER, _SAME_ROW_AT_GREEN, same_column, _OPPOSITE), device=raw.device, dtype=raw.dtype
    )
    # Reflected about the outermost pixels, a mosaic goes on as a mosaic.
    filtered = F.conv2d(F.pad(raw, (2, 2, 2, 2), mode="reflect"), kernels[:, None] / 8)
    green_there, along, across, opposite = filtered.unsqueeze(2).unbind(1)  # each (B, 1, H, W)
    red, blue = _masks(raw, pattern)
    rows_of_red = red.any(dim=3, keepdim=True)  # the other rows are those of blue
    red_at_green = torch.where(rows_of_red, along, across)
    blue_at_green = torch.where(rows_of_red, across, along)
    return torch.cat(
        [
            torch.where(red, raw, torch.where(blue, opposite, red_at_green)),
            torch.where(red | blue, green_there, raw),
            torch.where(blue, raw, torch.where(red, opposite, blue_at_green)),
        ],
        dim=1,
    )


def _masks(images: Tensor, pattern: Tensor) -> tuple[Tensor, Tensor]:
    """Tell where red and where blue filters are, each (B, 1, H, W)."""
    height, width = images.shape[-2:]
    rows = torch.arange(height, device=images.device).view(1, 1, -1, 1)
    columns = torch.arange(width, device=images.device)
    row = (pattern // 2).view(-1, 1, 1, 1)
    column = (pattern % 2).view(-1, 1, 1, 1)
    odd_row, odd_column = (rows + row) % 2 == 1, (columns + column) % 2 == 1
    return ~odd_row & ~odd_column, odd_row & odd_column
