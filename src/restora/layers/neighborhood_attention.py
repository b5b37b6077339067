"""Neighborhood attention: every pixel attends to the 7x7 pixels around it, or to 7x7 pixels some steps apart."""

import torch
from torch import Tensor, nn

from restora.layers.exporting import is_exporting
from restora.layers.neighborhood_graph import attend_in_graph
from restora.layers.neighborhood_kernel import tiled_attention
from restora.layers.neighborhood_tiles import ranks, window_start
from restora.layers.pointwise import PixelLinear


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
    if is_exporting():  # a graph of torch's own operators can be loaded without restora
        return attend_in_graph(q, k, v, bias, kernel_size, dilation)
    out: Tensor = tiled_attention(q, k, v, bias, kernel_size, dilation)
    return out


def neighborhood_attention_reference(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, *, kernel_size: int = 7, dilation: int = 1
) -> Tensor:
    """Compute `neighborhood_attention` as its formula reads, by gathering K * K keys and values for every query.

    Example:
        >>> q = torch.rand(1, 2, 8, 8, 4)
        >>> neighborhood_attention_reference(q, q, q, kernel_size=3).shape
        torch.Size([1, 2, 8, 8, 4])
    """
    rows, row_offsets = _neighbours(q.shape[1], k.shape[1], kernel_size, dilation, q.device)  # (H, K) each
    columns, column_offsets = _neighbours(q.shape[2], k.shape[2], kernel_size, dilation, q.device)  # (W, K)
    grid = rows[:, None, :, None], columns[None, :, None, :]  # broadcast to (H, W, K, K)
    keys, values = k[:, *grid].flatten(3, 4), v[:, *grid].flatten(3, 4)  # (B, H, W, K * K, heads, c)
    logits = torch.einsum("byxhc,byxkhc->byxhk", q * q.shape[-1] ** -0.5, keys)
    if bias is not None:
        offsets = row_offsets[:, None, :, None], column_offsets[None, :, None, :]
        table = bias[:, *offsets]  # (heads, H, W, K, K)
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
        self.qkv = PixelLinear(channels, 3 * channels)
        self.project = PixelLinear(channels, channels)
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
