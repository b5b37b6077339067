"""Bilinear sampling and its gradients as kernels of Triton, a few points with all their channels in each program.

Features (B, H, W, G, C) are read at points (B, P, G), all numbered through as rows of tables.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from restora.layers.kernels import largest_difference

VALUES = 4096
"""Values that a program reads of each corner: some for each of its threads."""


@triton.jit
def _axis(position, extent):
    """Pixels before and behind positions, their weights, and whether they exist; nothing exists beyond one pixel outside."""
    inside = (position > -1) & (position < extent)
    low = tl.floor(tl.where(inside, position, 0.0))
    behind = tl.where(inside, position, 0.0) - low
    index = low.to(tl.int32)
    before_exists = (inside & (index >= 0)).to(position.dtype)
    behind_exists = (inside & (index < extent - 1)).to(position.dtype)
    before, after = tl.maximum(index, 0), tl.minimum(index + 1, extent - 1)
    return before, after, (1 - behind) * before_exists, behind * behind_exists, before_exists, behind_exists


@triton.jit
def _sample(
    features, rows, columns, factors, out,
    count, points, height, width, groups, channels,
    N: tl.constexpr, C: tl.constexpr,
):  # fmt: skip
    point = tl.program_id(0) * N + tl.arange(0, N)
    known = point < count
    row = tl.load(rows + point, mask=known, other=0.0)
    column = tl.load(columns + point, mask=known, other=0.0)
    factor = tl.load(factors + point, mask=known, other=0.0)
    top, bottom, top_weight, bottom_weight, _, _ = _axis(row, height)
    left, right, left_weight, right_weight, _, _ = _axis(column, width)
    image = (point // (points * groups)).to(tl.int64) * height
    group = point % groups
    c = tl.arange(0, C)
    mask = known[:, None] & (c < channels)[None, :]
    total = (0.0 * row + 0.0 * column)[:, None] + tl.zeros(
        (N, C), row.dtype
    )  # not a number if a position is none
    for corner in tl.static_range(4):
        if corner < 2:
            y, y_weight = top, top_weight
        else:
            y, y_weight = bottom, bottom_weight
        if corner % 2 == 0:
            x, x_weight = left, left_weight
        else:
            x, x_weight = right, right_weight
        at = (((image + y) * width + x) * groups + group) * channels
        value = tl.load(features + at[:, None] + c[None, :], mask=mask, other=0.0).to(row.dtype)
        total += (factor * y_weight * x_weight)[:, None] * value
    tl.store(out + point.to(tl.int64)[:, None] * channels + c[None, :], total, mask=mask)


@triton.jit
def _sample_gradients(
    grad, features, rows, columns, factors,
    d_features, d_rows, d_columns, d_factors,
    count, points, height, width, groups, channels,
    N: tl.constexpr, C: tl.constexpr,
):  # fmt: skip
    point = tl.program_id(0) * N + tl.arange(0, N)
    known = point < count
    row = tl.load(rows + point, mask=known, other=0.0)
    column = tl.load(columns + point, mask=known, other=0.0)
    factor = tl.load(factors + point, mask=known, other=0.0)
    top, bottom, top_weight, bottom_weight, top_in, bottom_in = _axis(row, height)
    left, right, left_weight, right_weight, left_in, right_in = _axis(column, width)
    image = (point // (points * groups)).to(tl.int64) * height
    group = point % groups
    c = tl.arange(0, C)
    mask = known[:, None] & (c < channels)[None, :]
    up = tl.load(grad + point.to(tl.int64)[:, None] * channels + c[None, :], mask=mask, other=0.0)
    by_factor, by_row, by_column = 0.0 * row, 0.0 * row, 0.0 * row
    for corner in tl.static_range(4):
        if corner < 2:
            y, y_weight, y_slope = top, top_weight, -top_in
        else:
            y, y_weight, y_slope = bottom, bottom_weight, bottom_in
        if corner % 2 == 0:
            x, x_weight, x_slope = left, left_weight, -left_in
        else:
            x, x_weight, x_slope = right, right_weight, right_in
        at = ((((image + y) * width + x) * groups + group) * channels)[:, None] + c[None, :]
        value = tl.load(features + at, mask=mask, other=0.0).to(row.dtype)
        along = tl.sum(up * value, 1)  # the gradient times the values of this corner
        by_factor += y_weight * x_weight * along
        by_row += y_slope * x_weight * along
        by_column += y_weight * x_slope * along
        weight = factor * y_weight * x_weight
        tl.atomic_add(d_features + at, weight[:, None] * up, mask=mask & (weight != 0)[:, None])
    tl.store(d_factors + point, by_factor, mask=known)
    tl.store(d_rows + point, factor * by_row, mask=known)
    tl.store(d_columns + point, factor * by_column, mask=known)


def sample(features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor) -> Tensor:
    """Read features without gaps at positions in float32 or 64: see `bilinear_sample`."""
    out = rows.new_empty(*rows.shape, features.shape[-1])
    grid, sizes = _geometry(features, rows)
    _sample[grid](features, rows, columns, factors, out, **sizes)
    return out


def sample_gradients(
    grad: Tensor, features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients, all in the precision of the positions. Those of features are added in no fixed order."""
    d_features = torch.zeros_like(features, dtype=rows.dtype)
    d_rows, d_columns, d_factors = (torch.empty_like(rows) for _ in range(3))
    grid, sizes = _geometry(features, rows)
    gradients = d_features, d_rows, d_columns, d_factors
    _sample_gradients[grid](grad, features, rows, columns, factors, *gradients, **sizes)
    return gradients


def _geometry(features: Tensor, rows: Tensor) -> tuple[tuple[int], dict[str, int]]:
    _, height, width, groups, channels = features.shape
    wide = triton.next_power_of_2(channels)
    together = max(1, VALUES // wide)
    sizes = {"height": height, "width": width, "groups": groups, "channels": channels}
    sizes |= {"count": rows.numel(), "points": rows.shape[1], "N": together, "C": wide}
    return (triton.cdiv(rows.numel(), together),), sizes


def difference(device: torch.device) -> float:
    """Compare with `bilinear_sample_reference`, gradients too."""
    from restora.layers.bilinear_sampling import bilinear_sample_reference

    generator = torch.Generator().manual_seed(0)
    shapes = (2, 7, 9, 2, 5), (2, 40, 2), (2, 40, 2), (2, 40, 2)
    inputs = [torch.rand(shape, generator=generator) for shape in shapes]
    inputs[1:3] = [10 * position - 1 for position in inputs[1:3]]
    leaves = [tensor.to(device).requires_grad_() for tensor in inputs]
    with torch.enable_grad():
        expected = bilinear_sample_reference(*leaves)
        gradients = torch.autograd.grad(expected.square().sum(), leaves)
    plain = [leaf.detach() for leaf in leaves]
    out = sample(*plain)
    return largest_difference((out, *sample_gradients(2 * out, *plain)), (expected.detach(), *gradients))
