"""Neighborhood attention, forward and backward, as operators of torch: in tiles, by compiled loops or by kernels.

As operators they are one node of a compiled graph, and their shapes are known without computing anything.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from restora.layers.compiled import compiles, run, scalar
from restora.layers.kernels import kernels_compute
from restora.layers.neighborhood_tiles import Tiles, tiles_along

CPU_TILE_VALUES = 2**18
"""Values of gathered keys and values at a time on a CPU: they stay in its second-level cache."""

DEVICE_TILE_VALUES = 2**26
"""The same elsewhere, where few large kernels are faster than many small ones."""

SLACK = 64
"""Values behind a map that compiled loops may read: a block of theirs."""


def attend_in_tiles(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int) -> Tensor:
    """Compute neighborhood attention tile by tile.

    The queries of a tile attend densely to all keys that any of them sees; the others are masked. The tiles that see
    their keys in the same way share one mask and are computed together, a few at a time.

    Args:
        q: (B, H, W, heads, c), not scaled.
        k: (B, H', W', heads, c), H' >= H and W' >= W.
        v: As ``k``.
        bias: (heads, 2K - 1, 2K - 1), by offset in steps of the dilation, rows first.
        kernel_size: K, odd; K * dilation is at most H' and W'.
        dilation: Step between neighbours.

    Returns:
        (B, H, W, heads, c).
    """
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    q_rows, k_rows, v_rows, out_rows = (
        t.reshape(-1, *t.shape[3:]) for t in (q, k, v, out)
    )  # (BHW, heads, c)
    for asked, seen, entries in _groups(q, k, kernel_size, dilation):
        mask = _mask(bias.to(q.dtype), entries)[None]
        for here, there in _chunks(asked, seen, q):
            queries = _of_tiles(q_rows, here)  # (tiles, heads, n, c)
            keys, values = _of_tiles(k_rows, there), _of_tiles(v_rows, there)  # (tiles, heads, m, c)
            attended = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
            out_rows[here] = attended.transpose(1, 2)
    return out


@torch.library.custom_op("restora::neighborhood_attention", mutates_args=())
def tiled_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int) -> Tensor:
    """Compute `attend_in_tiles`, with gradients that need no more memory than it does."""
    if _loops_are_faster(q, k, v, kernel_size, dilation):
        return _attend_in_loops(q, k, v, bias, kernel_size, dilation)
    if _kernels_compute(q, k, v):
        from restora.layers import neighborhood_triton

        return neighborhood_triton.attend(q, k, v, bias, kernel_size, dilation)
    return attend_in_tiles(q, k, v, bias, kernel_size, dilation)


@torch.library.custom_op("restora::neighborhood_attention_backward", mutates_args=())
def tiled_attention_backward(
    grad: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of q, k, v and bias; the attention of each tile is computed again, not kept."""
    if _loops_are_faster(q, k, v, kernel_size, dilation):
        return _gradients_in_loops(grad, q, k, v, bias, kernel_size, dilation)
    if _kernels_compute(q, k, v):
        from restora.layers import neighborhood_triton

        return neighborhood_triton.attend_gradients(grad, q, k, v, bias, kernel_size, dilation)
    scale = q.shape[-1] ** -0.5
    dq, dk, dv = (torch.zeros_like(t, memory_format=torch.contiguous_format) for t in (q, k, v))
    dbias = bias.new_zeros(bias.shape[0], bias[0].numel() + 1)  # the last entry takes what is masked
    q_rows, k_rows, v_rows, grad_rows = (t.reshape(-1, *t.shape[3:]) for t in (q, k, v, grad))
    dq_rows, dk_rows, dv_rows = (t.view(-1, *t.shape[3:]) for t in (dq, dk, dv))
    for asked, seen, entries in _groups(q, k, kernel_size, dilation):
        mask = _mask(bias.to(q.dtype), entries)
        dmask = torch.zeros_like(mask, dtype=bias.dtype)
        for here, there in _chunks(asked, seen, q):
            queries, upstream = _of_tiles(q_rows, here), _of_tiles(grad_rows, here)
            keys, values = _of_tiles(k_rows, there), _of_tiles(v_rows, there)
            attention = (scale * queries @ keys.mT).add_(mask).softmax(-1)  # (tiles, heads, n, m)
            dattention = upstream @ values.mT
            dlogits = dattention.sub_((dattention * attention).sum(-1, keepdim=True)).mul_(attention)
            dmask += dlogits.sum(0)
            dq_rows[here] = (dlogits @ keys).mul_(scale).transpose(1, 2)
            keys_of_all = there.flatten()  # a key is in several tiles, and its gradient is the sum
            dk_rows.index_add_(
                0, keys_of_all, (dlogits.mT @ queries).mul_(scale).transpose(1, 2).flatten(0, 1)
            )
            dv_rows.index_add_(0, keys_of_all, (attention.mT @ upstream).transpose(1, 2).flatten(0, 1))
        dbias.index_add_(1, entries.flatten(), dmask.flatten(1))
    # A copy, for a view would keep the strides of the longer rows, which the fake below does not know.
    dbias = dbias[:, :-1].reshape(bias.shape).clone(memory_format=torch.contiguous_format)
    return dq, dk, dv, dbias


def _loops_are_faster(q: Tensor, k: Tensor, v: Tensor, kernel_size: int, dilation: int) -> bool:
    """Tell whether compiled loops win over tiles: on long rows of narrow heads whose windows are not all of the row.

    A run of up to K + 1 pixels of a residue class is one tile, few of whose pairs are masked; products of wide heads
    are fast.
    """
    width, channels = q.shape[2], q.shape[4]
    several_tiles = width // dilation > kernel_size + 1
    return compiles(q) and q.dtype == k.dtype == v.dtype and width >= 64 and several_tiles and channels <= 24


def _kernels_compute(q: Tensor, k: Tensor, v: Tensor) -> bool:
    alike = q.dtype == k.dtype == v.dtype != torch.float64
    return alike and kernels_compute("neighborhood_triton", q.device)


def _attend_in_loops(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int
) -> Tensor:
    from restora.layers.neighborhood_loops import attend

    batch, height, _, heads, channels = q.shape
    queries = _widened(q)
    bias, out = _copied(bias, queries), torch.empty_like(queries)
    operands = scalar(channels**-0.5, out), queries, _maps(k), _maps(v), k.shape[2], bias
    run(attend, batch * heads * height, *operands, kernel_size, dilation, out, grain=8)
    return out.to(q.dtype)


def _gradients_in_loops(
    grad: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    from restora.layers.neighborhood_loops import attend_gradients

    batch, _, _, heads, channels = q.shape
    grad, queries, keys, values = _widened(grad), _widened(q), _maps(k), _maps(v)
    dq, dk, dv = torch.empty_like(queries), torch.zeros_like(keys), torch.zeros_like(values)
    dbias = dq.new_zeros(batch * heads, *bias.shape[1:])
    scale = scalar(channels**-0.5, dq)
    upstream = scale, grad.to(dq.dtype), queries, keys, values, k.shape[2], _copied(bias, dq)
    run(attend_gradients, batch * heads, *upstream, kernel_size, dilation, dq, dk, dv, dbias)
    dbias = dbias.view(batch, *bias.shape).sum(0).to(bias.dtype)
    return dq.to(q.dtype), _pixels(dk, k), _pixels(dv, v), dbias


def _copied(parameter: Tensor, like: Tensor) -> Tensor:
    """Copy a parameter in the precision of the loops: an array of its own memory would keep FSDP from freeing that."""
    return parameter.to(like.dtype, copy=True, memory_format=torch.contiguous_format)


def _widened(x: Tensor) -> Tensor:
    """Return x in the precision of the loops, at least float32, without gaps."""
    return x.to(torch.promote_types(x.dtype, torch.float32)).contiguous()


def _maps(x: Tensor) -> Tensor:
    """Lay (B, H, W, heads, c) as maps with slack behind each: (B * heads, c * (H * W + SLACK))."""
    batch, height, width, heads, channels = x.shape
    dtype = torch.promote_types(x.dtype, torch.float32)
    maps = x.new_zeros(batch, heads, channels, height * width + SLACK, dtype=dtype)
    maps[..., :-SLACK].view(batch, heads, channels, height, width).copy_(x.permute(0, 3, 4, 1, 2))
    return maps.view(batch * heads, -1)


def _pixels(maps: Tensor, like: Tensor) -> Tensor:
    """Undo `_maps`."""
    batch, _, _, heads, channels = like.shape
    pixels = maps.view(batch, heads, channels, -1)[..., :-SLACK].permute(0, 3, 1, 2)
    return pixels.to(like.dtype, memory_format=torch.contiguous_format).view(like.shape)


@tiled_attention.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int) -> Tensor:
    return torch.empty_like(q, memory_format=torch.contiguous_format)


@tiled_attention_backward.register_fake
def _(
    grad: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    dq, dk, dv, dbias = (torch.empty_like(t, memory_format=torch.contiguous_format) for t in (q, k, v, bias))
    return dq, dk, dv, dbias


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, kernel_size, dilation = inputs
    ctx.save_for_backward(*tensors)
    ctx.geometry = kernel_size, dilation


def _gradients(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return *tiled_attention_backward(grad, *ctx.saved_tensors, *ctx.geometry), None, None


tiled_attention.register_autograd(_gradients, setup_context=_save)


@register_flop_formula(torch.ops.restora.neighborhood_attention)
def _flops(
    q: Sequence[int], k: object, v: object, bias: object, kernel_size: int, *_: object, **__: object
) -> int:
    """Count what the formula asks for, two products with K * K keys; the masked pairs of the tiles are extra."""
    return 2 * 2 * math.prod(q) * kernel_size**2


def _groups(q: Tensor, k: Tensor, kernel_size: int, dilation: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield tiles that share one bias: indices of queries (tiles, n), of keys (tiles, m), of the bias (n, m).

    The bias table is flattened; one past its end stands for "not in the window".
    """
    batch, height, width = q.shape[:3]
    side = 2 * kernel_size - 1
    # On a CPU small tiles, of whose pairs half are masked and not three of four, take two thirds of the time.
    longest = (kernel_size + 1) // (2 if q.device.type == "cpu" else 1)
    for rows in tiles_along(height, k.shape[1], kernel_size, dilation, longest):
        for columns in tiles_along(width, k.shape[2], kernel_size, dilation, longest):
            asked = _grid(batch, rows.queries, height, columns.queries, width, q.device)
            seen = _grid(batch, rows.keys, k.shape[1], columns.keys, k.shape[2], q.device)
            yield asked, seen, _entries(rows, columns, side, q.device)


def _grid(
    batch: int,
    rows: tuple[tuple[int, ...], ...],
    height: int,
    columns: tuple[tuple[int, ...], ...],
    width: int,
    device: torch.device,
) -> Tensor:
    """Return flat indices into (B, H, W) of the tiles that rows and columns span, (tiles, positions in a tile)."""
    image = torch.arange(batch, device=device)[:, None, None, None, None] * height * width
    y = torch.tensor(rows, device=device)[None, :, None, :, None] * width
    x = torch.tensor(columns, device=device)[None, None, :, None, :]
    return (image + y + x).flatten(3).flatten(0, 2)


def _entries(rows: Tiles, columns: Tiles, side: int, device: torch.device) -> Tensor:
    y = torch.tensor(rows.offsets, device=device)[:, None, :, None]  # (n_y, 1, m_y, 1)
    x = torch.tensor(columns.offsets, device=device)[None, :, None, :]  # (1, n_x, 1, m_x)
    entries = torch.where((y < 0) | (x < 0), side * side, y * side + x)
    return entries.flatten(2).flatten(0, 1)


def _mask(bias: Tensor, entries: Tensor) -> Tensor:
    """Look up the bias of every pair, minus infinity outside the window: (heads, n, m)."""
    table = torch.cat([bias.flatten(1), bias.new_full((bias.shape[0], 1), float("-inf"))], dim=1)
    return table[:, entries]


def _of_tiles(rows: Tensor, places: Tensor) -> Tensor:
    """Gather (rows, heads, c) at (tiles, n): (tiles, heads, n, c). Indexing by brackets takes seven times as long."""
    return rows.index_select(0, places.flatten()).view(*places.shape, *rows.shape[1:]).transpose(1, 2)


def _chunks(asked: Tensor, seen: Tensor, q: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Cut tiles into groups small enough that their keys and values fit the cache."""
    values = CPU_TILE_VALUES if q.device.type == "cpu" else DEVICE_TILE_VALUES
    tiles = max(1, values // (2 * seen.shape[1] * q.shape[3] * q.shape[4]))
    yield from zip(torch.split(asked, tiles), torch.split(seen, tiles), strict=True)
