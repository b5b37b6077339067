"""Neighborhood attention: every pixel attends to the 7x7 pixels around it, or to 7x7 pixels some steps apart."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers.neighborhood_tiles import Tiles, ranks, tiles_along, window_start

CPU_TILE_VALUES = 2**19
"""Values of gathered keys and values at a time on a CPU: they stay in its second-level cache."""

DEVICE_TILE_VALUES = 2**26
"""The same elsewhere, where few large kernels are faster than many small ones."""


def neighborhood_attention(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, *, kernel_size: int = 7, dilation: int = 1
) -> Tensor:
    """Let every query attend to the K x K keys around it, `dilation` steps apart.

    Along each axis the K neighbours of position i are the nearest ones in its residue class i mod dilation. At the
    ends of the axis the window is shifted inward, never shortened, and nothing is padded:

        o_i = sum_j softmax_j(q_i . k_j / sqrt(c) + bias[row offset of j + K - 1, column offset of j + K - 1]) v_j

    with offsets counted in steps of `dilation`, so that one table of biases serves any dilation.

    Tiles of queries gather the keys that any of them sees and attend to them densely, the others masked. Keys and
    values are gathered a few tiles at a time and never for the whole image; memory grows linearly with the pixels.

    Source: "Neighborhood Attention Transformer" (CVPR 2023) and "Dilated Neighborhood Attention Transformer" (2022).

    Args:
        q: Queries (B, H, W, heads, c), not scaled.
        k: Keys (B, H', W', heads, c), H' >= H and W' >= W; queries are the top left corner of that grid.
        v: Values, as the keys.
        bias: (heads, 2K - 1, 2K - 1), rows first, or ``None``.
        kernel_size: K, odd, at least 3.
        dilation: Step between neighbours; K * dilation may exceed neither H' nor W'.

    Returns:
        (B, H, W, heads, c).

    Raises:
        ValueError: The shapes do not fit one another or the window.

    Example:
        >>> q = k = v = torch.rand(1, 9, 8, 2, 4)
        >>> neighborhood_attention(q, k, v, kernel_size=3, dilation=2).shape
        torch.Size([1, 9, 8, 2, 4])
    """
    _check(q, k, v, bias, kernel_size, dilation)
    if bias is None:
        bias = q.new_zeros(q.shape[3], 2 * kernel_size - 1, 2 * kernel_size - 1)
    if torch.is_grad_enabled() and any(t.requires_grad for t in (q, k, v, bias)):
        out: Tensor = _NeighborhoodAttention.apply(q, k, v, bias, kernel_size, dilation)  # type: ignore[no-untyped-call]
        return out
    return _attend(q, k, v, bias, kernel_size, dilation)


def neighborhood_attention_reference(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, *, kernel_size: int = 7, dilation: int = 1
) -> Tensor:
    """Compute `neighborhood_attention` as its formula reads, by gathering K * K keys and values for every query."""
    rows, row_offsets = _neighbours(q.shape[1], k.shape[1], kernel_size, dilation, q.device)  # (H, K) each
    columns, column_offsets = _neighbours(q.shape[2], k.shape[2], kernel_size, dilation, q.device)  # (W, K)
    grid = rows[:, None, :, None], columns[None, :, None, :]  # broadcast to (H, W, K, K)
    keys, values = k[:, *grid].flatten(3, 4), v[:, *grid].flatten(3, 4)  # (B, H, W, K * K, heads, c)
    logits = torch.einsum("byxhc,byxkhc->byxhk", q * q.shape[-1] ** -0.5, keys)
    if bias is not None:
        table = bias[
            :, row_offsets[:, None, :, None], column_offsets[None, :, None, :]
        ]  # (heads, H, W, K, K)
        logits = logits + table.flatten(3).permute(1, 2, 0, 3)
    return torch.einsum("byxhk,byxkhc->byxhc", logits.softmax(-1), values)


def _neighbours(
    queries: int, keys: int, kernel_size: int, dilation: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the positions of each query's K neighbours along one axis and their rows in the bias table."""
    positions, offsets = [], []
    for i in range(queries):
        residue, rank = i % dilation, i // dilation
        start = window_start(rank, ranks(keys, dilation, residue), kernel_size)
        positions.append([residue + (start + t) * dilation for t in range(kernel_size)])
        offsets.append([start + t - rank + kernel_size - 1 for t in range(kernel_size)])
    return torch.tensor(positions, device=device), torch.tensor(offsets, device=device)


def _check(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, kernel_size: int, dilation: int) -> None:
    if kernel_size < 3 or kernel_size % 2 == 0 or dilation < 1:
        raise ValueError(
            f"kernel_size must be odd and at least 3, dilation at least 1, got {kernel_size}, {dilation}"
        )
    if q.ndim != 5 or k.shape != v.shape or q.shape[::3] != k.shape[::3] or q.shape[4] != k.shape[4]:
        raise ValueError(
            f"q, k and v must be (B, H, W, heads, c), got {tuple(q.shape)}, {tuple(k.shape)}, {tuple(v.shape)}"
        )
    reach = kernel_size * dilation
    if any(keys < max(queries, reach) for queries, keys in zip(q.shape[1:3], k.shape[1:3], strict=True)):
        raise ValueError(
            f"keys of {k.shape[1]} x {k.shape[2]} are fewer than the window of {reach} or the queries; pad them"
        )
    side = 2 * kernel_size - 1
    if bias is not None and bias.shape != (q.shape[3], side, side):
        raise ValueError(
            f"bias must be (heads, 2K - 1, 2K - 1) = {(q.shape[3], side, side)}, got {tuple(bias.shape)}"
        )


def _attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int) -> Tensor:
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    q_rows, k_rows, v_rows, out_rows = (
        t.reshape(-1, *t.shape[3:]) for t in (q, k, v, out)
    )  # (BHW, heads, c)
    for asked, seen, entries in _groups(q, k, kernel_size, dilation):
        mask = _mask(bias.to(q.dtype), entries)
        for here, there in zip(*_chunks(asked, seen, q), strict=True):
            queries = q_rows[here].transpose(1, 2)  # (tiles, heads, n, c)
            keys, values = (
                k_rows[there].transpose(1, 2),
                v_rows[there].transpose(1, 2),
            )  # (tiles, heads, m, c)
            attended = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
            out_rows[here] = attended.transpose(1, 2)
    return out


class _NeighborhoodAttention(torch.autograd.Function):
    """`_attend` whose backward computes the attention of each tile again instead of keeping it."""

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int
    ) -> Tensor:
        ctx.save_for_backward(q, k, v, bias)
        ctx.geometry = kernel_size, dilation
        return _attend(q, k, v, bias, kernel_size, dilation)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, bias = ctx.saved_tensors
        scale = q.shape[-1] ** -0.5
        dq, dk, dv = (torch.zeros_like(t, memory_format=torch.contiguous_format) for t in (q, k, v))
        dbias = bias.new_zeros(bias.shape[0], bias[0].numel() + 1)  # the last entry takes what is masked
        q_rows, k_rows, v_rows, grad_rows = (t.reshape(-1, *t.shape[3:]) for t in (q, k, v, grad))
        dq_rows, dk_rows, dv_rows = (t.view(-1, *t.shape[3:]) for t in (dq, dk, dv))
        for asked, seen, entries in _groups(q, k, *ctx.geometry):
            mask = _mask(bias.to(q.dtype), entries)
            dmask = torch.zeros_like(mask[0])
            for here, there in zip(*_chunks(asked, seen, q), strict=True):
                queries, upstream = q_rows[here].transpose(1, 2), grad_rows[here].transpose(1, 2)
                keys, values = k_rows[there].transpose(1, 2), v_rows[there].transpose(1, 2)
                attention = (scale * queries @ keys.mT + mask).softmax(-1)  # (tiles, heads, n, m)
                dattention = upstream @ values.mT
                dlogits = attention * (dattention - (dattention * attention).sum(-1, keepdim=True))
                dmask += dlogits.sum(0)
                dq_rows[here] = (scale * dlogits @ keys).transpose(1, 2)
                flat = there.flatten()
                dk_rows.index_add_(0, flat, (scale * dlogits.mT @ queries).transpose(1, 2).flatten(0, 1))
                dv_rows.index_add_(0, flat, (attention.mT @ upstream).transpose(1, 2).flatten(0, 1))
            dbias.index_add_(1, entries.flatten(), dmask.flatten(1).to(dbias.dtype))
        return dq, dk, dv, dbias[:, :-1].view_as(bias), None, None


def _groups(q: Tensor, k: Tensor, kernel_size: int, dilation: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield tiles that share one bias: indices of queries (tiles, n), of keys (tiles, m), of the bias (n, m).

    The bias table is flattened; one past its end stands for "not in the window".
    """
    batch, height, width = q.shape[:3]
    side = 2 * kernel_size - 1
    for rows in tiles_along(height, k.shape[1], kernel_size, dilation):
        for columns in tiles_along(width, k.shape[2], kernel_size, dilation):
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
    """Look up the bias of every pair, minus infinity outside the window: (1, heads, n, m)."""
    table = torch.cat([bias.flatten(1), bias.new_full((bias.shape[0], 1), float("-inf"))], dim=1)
    return table[:, entries][None]


def _chunks(asked: Tensor, seen: Tensor, q: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Cut tiles into groups small enough that their keys and values fit the cache."""
    values = CPU_TILE_VALUES if q.device.type == "cpu" else DEVICE_TILE_VALUES
    tiles = max(1, values // (2 * seen.shape[1] * q.shape[3] * q.shape[4]))
    return torch.split(asked, tiles), torch.split(seen, tiles)


class NeighborhoodAttention(nn.Module):
    """Multi-head `neighborhood_attention` between two linear layers, with a learned bias for each offset.

    An image with a side shorter than K * dilation is padded with zeros at the bottom and at the right, before the
    linear layers: the padded pixels have the biases of the layer as keys and values and do take part. Published
    weights rely on it.

    Args:
        channels: C of the features (B, C, H, W), a multiple of ``heads``.
        heads: Attention heads.
        kernel_size: K, odd.
        dilation: Step between neighbours in pixels.

    Example:
        >>> NeighborhoodAttention(8, heads=2, dilation=4)(torch.rand(1, 8, 10, 12)).shape
        torch.Size([1, 8, 10, 12])
    """

    def __init__(self, channels: int, heads: int, kernel_size: int = 7, dilation: int = 1) -> None:
        super().__init__()
        self.heads, self.kernel_size, self.dilation = heads, kernel_size, dilation
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        side = 2 * kernel_size - 1
        self.offset_bias = nn.Parameter(torch.empty(heads, side, side))
        nn.init.trunc_normal_(self.offset_bias, std=0.02, a=-2, b=2)

    def forward(self, x: Tensor) -> Tensor:
        """Attend within (B, C, H, W); the shape stays, the answer is channels last."""
        parts = 3, self.heads, x.shape[1] // self.heads
        qkv = self.qkv(x.permute(0, 2, 3, 1))  # (B, H, W, 3C)
        q, k, v = qkv.view(*qkv.shape[:3], *parts).unbind(3)  # (B, H, W, heads, c) each
        _, k_outside, v_outside = self.qkv.bias.to(k.dtype).view(parts)  # (heads, c) each
        reach = self.kernel_size * self.dilation
        out = neighborhood_attention(
            q,
            _padded(k, k_outside, reach),
            _padded(v, v_outside, reach),
            self.offset_bias,
            kernel_size=self.kernel_size,
            dilation=self.dilation,
        )
        projected: Tensor = self.project(out.flatten(3))
        return projected.permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        """Name what the parameters do not show."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}"


def _padded(x: Tensor, outside: Tensor, side: int) -> Tensor:
    """Continue (B, H, W, heads, c) at the bottom and at the right with one value, to at least ``side`` pixels."""
    batch, height, width = x.shape[:3]
    tall, wide = max(height, side), max(width, side)
    if wide > width:
        x = torch.cat([x, outside.expand(batch, height, wide - width, -1, -1)], dim=2)
    if tall > height:
        x = torch.cat([x, outside.expand(batch, tall - height, wide, -1, -1)], dim=1)
    return x
