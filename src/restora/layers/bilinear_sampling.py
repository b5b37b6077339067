"""Reading feature maps between their pixels."""

import torch
import torch.nn.functional as F
from torch import Tensor


def bilinear_sample(features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor | None = None) -> Tensor:
    """Read maps at any positions, bilinearly, with zeros outside.

    Up to one pixel beyond the edge, the values fade to zero. Each group of channels has its own positions.

    A value is a sum of four rows of a table, each times a weight: what an embedding bag computes in one pass,
    without a copy of the corners. Gradients reach the features, the positions and the factors.

    Args:
        features: (B, H, W, G, C), G groups of channels.
        rows: (B, P, G), in pixels, 0 at the centre of the first row. Any finite value.
        columns: (B, P, G), likewise.
        factors: (B, P, G), multiplied with the values; none for 1.

    Returns:
        (B, P, G, C), in float32 or the precision of the features, whichever is higher.

    Example:
        >>> ramp = torch.arange(6.0).view(1, 2, 3, 1, 1)
        >>> bilinear_sample(ramp, torch.tensor([[[0.5]]]), torch.tensor([[[1.5]]])).item()
        3.0
    """
    dtype = torch.promote_types(features.dtype, torch.float32)
    features, rows, columns = features.to(dtype), rows.to(dtype), columns.to(dtype)
    if features.device.type not in ("cpu", "cuda", "meta") or torch.compiler.is_exporting():
        # Elsewhere, and in exported graphs, bags are missing or slow.
        return bilinear_sample_reference(features, rows, columns, factors)
    batch, height, width, groups, channels = features.shape
    # Corners (..., 2) of either axis; together (..., 2, 2) as rows of the table, which are images, pixels, groups.
    row, row_weight = _corners(rows, height)
    column, column_weight = _corners(columns, width)
    if factors is not None:
        row_weight = row_weight * factors.to(dtype)[..., None]
    image = torch.arange(batch, dtype=row.dtype, device=row.device).view(-1, 1, 1, 1)
    row = (image * height + row) * (width * groups)
    column = column * groups + torch.arange(groups, dtype=row.dtype, device=row.device)[:, None]
    index = (row[..., :, None] + column[..., None, :]).view(-1, 4)
    weight = (row_weight[..., :, None] * column_weight[..., None, :]).view(-1, 4)
    table = features.reshape(-1, channels)
    values = F.embedding_bag(index, table, mode="sum", per_sample_weights=weight)
    return values.view(batch, -1, groups, channels)


def _corners(positions: Tensor, extent: int) -> tuple[Tensor, Tensor]:
    """Return the two pixels of an axis around each position, and their weights: both (..., 2).

    Pixels outside are replaced by the nearest one inside, with weight zero.
    """
    positions = positions.clamp(-1, extent)  # beyond, everything is zero; and integers stay small
    low = positions.floor()
    fraction = positions - low
    low = low.detach()
    pixels = torch.stack([low, low + 1], dim=-1)
    inside = pixels.clamp(0, extent - 1)
    weights = torch.stack([1 - fraction, fraction], dim=-1) * (pixels == inside)
    # 32-bit indices are read three times as fast as 64-bit ones; a table has fewer rows than that.
    return inside.int(), weights


def bilinear_sample_reference(
    features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor | None = None
) -> Tensor:
    """Do what `bilinear_sample` does, by PyTorch's grid_sample; slower on a CPU, but found everywhere."""
    batch, height, width, groups, channels = features.shape
    maps = features.permute(0, 3, 4, 1, 2).reshape(batch * groups, channels, height, width)
    # With align_corners false, -1 is the outer edge of the first pixel, and no extent divides by zero.
    grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], dim=-1)  # (B, P, G, 2)
    grid = grid.transpose(1, 2).reshape(batch * groups, -1, 1, 2)
    values = F.grid_sample(maps, grid, padding_mode="zeros", align_corners=False)  # (B * G, C, P, 1)
    values = values.view(batch, groups, channels, -1).permute(0, 3, 1, 2)
    return values if factors is None else values * factors[..., None]
