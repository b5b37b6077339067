"""Bilinear sampling of feature maps at any positions."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from restora.layers.compiled import compiles, run, scalar
from restora.layers.exporting import is_exporting
from restora.layers.kernels import kernels_compute


def bilinear_sample(features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor | None = None) -> Tensor:
    """Read maps at any positions, bilinearly, with zeros outside.

    Up to one pixel beyond the edge, the values fade to zero. Each group of channels has its own positions.

    Gradients reach the features, the positions and the factors. On a CPU, compiled loops do it where Numba is
    installed, on CUDA kernels where Triton is. Without them, a value is a sum of four rows of a table, each times a
    weight: what an embedding bag computes in one pass, without a copy of the corners; its gradients are slow on a CPU,
    where `grid_sample` is used.

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
    rows, columns = rows.to(dtype), columns.to(dtype)
    device = features.device.type
    if not is_exporting() and (compiles(features) or _kernels_compute(features)):
        factors = torch.ones_like(rows) if factors is None else factors.to(dtype)
        sampled: Tensor = sample_operator(features, rows, columns, factors)
        return sampled
    features = features.to(dtype)
    if is_exporting() or device not in ("cpu", "cuda", "meta"):
        # Elsewhere, and in exported graphs, bags are missing or slow.
        return bilinear_sample_reference(features, rows, columns, factors)
    if device == "cpu" and torch.is_grad_enabled():
        return bilinear_sample_reference(features, rows, columns, factors)
    batch, height, width, groups, channels = features.shape
    table = features.reshape(-1, channels)  # a row is a group of a pixel of an image
    top, bottom, top_weight, bottom_weight = _neighbours(rows, height)
    left, right, left_weight, right_weight = _neighbours(columns, width)
    if factors is not None:
        factors = factors.to(dtype)
        top_weight, bottom_weight = top_weight * factors, bottom_weight * factors
    image = torch.arange(batch, dtype=top.dtype, device=top.device).view(-1, 1, 1) * height
    group = torch.arange(groups, dtype=top.dtype, device=top.device)
    top, bottom = (image + top) * (width * groups), (image + bottom) * (width * groups)
    left, right = left * groups + group, right * groups + group
    # Operations on (B, P, G) and one stack: much faster on a CPU than broadcasting along a last axis of 2.
    index = torch.stack([top + left, top + right, bottom + left, bottom + right], dim=-1)
    weight = torch.stack(
        [
            top_weight * left_weight,
            top_weight * right_weight,
            bottom_weight * left_weight,
            bottom_weight * right_weight,
        ],
        dim=-1,
    )
    values = F.embedding_bag(index.view(-1, 4), table, mode="sum", per_sample_weights=weight.view(-1, 4))
    return values.view(batch, -1, groups, channels)


def _neighbours(positions: Tensor, extent: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the pixels of an axis before and behind each position, and their weights.

    Pixels outside are replaced by the nearest one inside, with weight zero.
    """
    positions = positions.clamp(-1, extent)  # beyond, everything is zero; and integers stay small
    low = positions.detach().floor().clamp_max(extent - 1)
    behind = positions - low
    low_weight, high_weight = (1 - behind) * (low >= 0), behind * (low < extent - 1)
    # 32-bit indices are read three times as fast as 64-bit ones; a table has fewer rows than that.
    low = low.int()
    return low.clamp_min(0), (low + 1).clamp_max(extent - 1), low_weight, high_weight


def bilinear_sample_reference(
    features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor | None = None
) -> Tensor:
    """Do what `bilinear_sample` does, by PyTorch's grid_sample; slower on a CPU, but found everywhere.

    Example:
        >>> row = torch.arange(4.0).view(1, 1, 4, 1, 1)
        >>> bilinear_sample_reference(row, torch.zeros(1, 1, 1), torch.full((1, 1, 1), 1.5)).item()
        1.5
    """
    batch, height, width, groups, channels = features.shape
    maps = features.permute(0, 3, 4, 1, 2).reshape(batch * groups, channels, height, width)
    # With align_corners false, -1 is the outer edge of the first pixel, and no extent divides by zero.
    grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], dim=-1)  # (B, P, G, 2)
    grid = grid.transpose(1, 2).reshape(batch * groups, -1, 1, 2)
    values = F.grid_sample(maps, grid, padding_mode="zeros", align_corners=False)  # (B * G, C, P, 1)
    values = values.reshape(batch, groups, channels, -1).permute(0, 3, 1, 2)
    return values if factors is None else values * factors[..., None]


def _kernels_compute(features: Tensor) -> bool:
    # What is traced, Inductor makes a kernel of by itself.
    return not torch.compiler.is_compiling() and kernels_compute("sampling_triton", features.device)


@torch.library.custom_op("restora::bilinear_sample", mutates_args=())
def sample_operator(features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor) -> Tensor:
    """Compute `bilinear_sample` in the precision of the positions: by a loop over them, or on CUDA by a kernel."""
    features, rows, columns, factors = (t.contiguous() for t in (features, rows, columns, factors))
    if features.device.type == "cuda":
        from restora.layers import sampling_triton

        return sampling_triton.sample(features, rows, columns, factors)
    from restora.layers.sampling_loops import sample

    out = rows.new_empty(*rows.shape, features.shape[-1])
    positions = rows[..., 0].numel()
    run(sample, positions, scalar(1, rows), features, rows, columns, factors, out, grain=1024)
    return out


@torch.library.custom_op("restora::bilinear_sample_backward", mutates_args=())
def sample_operator_backward(
    grad: Tensor, features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of features, rows, columns and factors; loops take images at once, never a part of one."""
    grad, *inputs = (t.contiguous() for t in (grad, features, rows, columns, factors))
    if features.device.type == "cuda":
        from restora.layers import sampling_triton

        d_features, d_rows, d_columns, d_factors = sampling_triton.sample_gradients(grad, *inputs)
    else:
        from restora.layers.sampling_loops import sample_gradients

        d_features, d_rows, d_columns, d_factors = (torch.zeros_like(t, dtype=rows.dtype) for t in inputs)
        gradients = d_features, d_rows, d_columns, d_factors
        run(sample_gradients, len(features), scalar(1, rows), grad, *inputs, *gradients)
    return d_features.to(features.dtype), d_rows, d_columns, d_factors


@sample_operator.register_fake
def _(features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor) -> Tensor:
    return rows.new_empty(*rows.shape, features.shape[-1])


@sample_operator_backward.register_fake
def _(
    grad: Tensor, features: Tensor, rows: Tensor, columns: Tensor, factors: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    inputs = features, rows, columns, factors
    a, b, c, d = (torch.empty_like(t, memory_format=torch.contiguous_format) for t in inputs)
    return a, b, c, d


def _save(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _gradients(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
    gradients: tuple[Tensor, ...] = sample_operator_backward(grad, *ctx.saved_tensors)
    return gradients


sample_operator.register_autograd(_gradients, setup_context=_save)
