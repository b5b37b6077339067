"""Neighborhood attention and its gradients as kernels of Triton: a run of queries of a residue class in each program.

The queries x, x + d, x + 2d, ... of a row, Q of them, see a run of S >= Q + K - 1 keys of each of K key rows; what a
query does not see is masked. Key rows come one by one, under a running maximum, so that nothing is kept of them.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from restora.layers.kernels import largest_difference, products

QUERIES = 16
"""Queries of a program: the fewest that the card's units for products take."""


@triton.jit
def _axis(rank, residue, keys, dilation, K: tl.constexpr):
    """Rank of the first key of a query's window."""
    length = (keys - residue + dilation - 1) // dilation
    return tl.minimum(tl.maximum(rank - K // 2, 0), length - K)


@triton.jit
def _run(width, key_width, dilation, K: tl.constexpr, Q: tl.constexpr, S: tl.constexpr):
    """Columns of a program's queries (Q) and keys (S), which exist, who sees whom, and the columns of the bias (Q, S)."""
    residues = tl.minimum(dilation, width)
    residue, first = tl.program_id(0) % residues, tl.program_id(0) // residues * Q
    rank = first + tl.arange(0, Q)
    key_rank = _axis(first, residue, key_width, dilation, K) + tl.arange(0, S)
    x, key_x = residue + dilation * rank, residue + dilation * key_rank
    start = _axis(rank, residue, key_width, dilation, K)[:, None]
    seen = (key_rank[None, :] >= start) & (key_rank[None, :] < start + K) & (x < width)[:, None]
    return x, key_x, x < width, key_x < key_width, seen, key_rank[None, :] - rank[:, None] + K - 1


@triton.jit
def _load(
    pointer,
    y,
    x,
    exists,
    height,
    width,
    heads,
    channels,
    C: tl.constexpr,
):
    """Pixels of a row of one head, (n, C); where they are, and which values exist."""
    image, head = tl.program_id(2) // heads, tl.program_id(2) % heads
    c = tl.arange(0, C)
    row = image.to(tl.int64) * height + y
    at = (((row * width + x) * heads + head) * channels)[:, None] + c[None, :]
    mask = exists[:, None] & (c < channels)[None, :]
    return tl.load(pointer + at, mask=mask, other=0.0), at, mask


@triton.jit
def _scores(
    q,
    k,
    bias,
    y_offset,
    x_offset,
    seen,
    scale,
    heads,
    K: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Logits of (Q, C) queries and (S, C) keys of one row."""
    side: tl.constexpr = 2 * K - 1
    table = bias + (tl.program_id(2) % heads * side + y_offset) * side
    biases = tl.load(table + x_offset, mask=seen, other=0.0)
    return tl.where(seen, tl.dot(q, tl.trans(k), input_precision=PRECISION) * scale + biases, -float("inf"))


@triton.jit
def _rows(q, k, v, bias, key_x, key_exists, seen, x_offset,
    scale, height, width, key_height, key_width, heads, channels, dilation,
    K: tl.constexpr, Q: tl.constexpr, C: tl.constexpr, PRECISION: tl.constexpr):  # fmt: skip
    """Attend: the answer (Q, C), the largest logit and the sum of exponentials (Q) of each query."""
    residue, rank = tl.program_id(1) % dilation, tl.program_id(1) // dilation
    start = _axis(rank, residue, key_height, dilation, K)
    most = tl.full((Q,), -1e30, tl.float32)
    total = tl.zeros((Q,), tl.float32)
    answer = tl.zeros((Q, C), tl.float32)
    for r in range(K):
        y = residue + dilation * (start + r)
        keys, _, _ = _load(k, y, key_x, key_exists, key_height, key_width, heads, channels, C)
        values, _, _ = _load(v, y, key_x, key_exists, key_height, key_width, heads, channels, C)
        scores = _scores(q, keys, bias, start + r - rank + K - 1, x_offset, seen, scale, heads, K, PRECISION)
        larger = tl.maximum(most, tl.max(scores, 1))
        weights = tl.exp(scores - larger[:, None])
        shrink = tl.exp(most - larger)
        total = total * shrink + tl.sum(weights, 1)
        answer = answer * shrink[:, None] + tl.dot(
            weights.to(values.dtype), values, input_precision=PRECISION
        )
        most = larger
    total = tl.maximum(total, 1e-30)  # of queries that do not exist
    return answer / total[:, None], most, total


@triton.jit
def _attend(
    q, k, v, bias, out,
    scale, height, width, key_height, key_width, heads, channels, dilation,
    K: tl.constexpr, Q: tl.constexpr, S: tl.constexpr, C: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    x, key_x, exists, key_exists, seen, x_offset = _run(width, key_width, dilation, K, Q, S)
    queries, at, mask = _load(q, tl.program_id(1), x, exists, height, width, heads, channels, C)
    answer, _, _ = _rows(
        queries, k, v, bias, key_x, key_exists, seen, x_offset,
        scale, height, width, key_height, key_width, heads, channels, dilation, K, Q, C, PRECISION,
    )  # fmt: skip
    tl.store(out + at, answer, mask=mask)


@triton.jit
def _attend_gradients(
    grad, q, k, v, bias, dq, dk, dv, dbias,
    scale, height, width, key_height, key_width, heads, channels, dilation,
    K: tl.constexpr, Q: tl.constexpr, S: tl.constexpr, C: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    side: tl.constexpr = 2 * K - 1
    x, key_x, exists, key_exists, seen, x_offset = _run(width, key_width, dilation, K, Q, S)
    queries, at, mask = _load(q, tl.program_id(1), x, exists, height, width, heads, channels, C)
    up, _up_at, _up_mask = _load(grad, tl.program_id(1), x, exists, height, width, heads, channels, C)
    answer, most, total = _rows(
        queries, k, v, bias, key_x, key_exists, seen, x_offset,
        scale, height, width, key_height, key_width, heads, channels, dilation, K, Q, C, PRECISION,
    )  # fmt: skip
    along = tl.sum(answer * up, 1)  # the attention times its gradient, summed over the keys
    down = tl.zeros((Q, C), tl.float32)
    residue, rank = tl.program_id(1) % dilation, tl.program_id(1) // dilation
    start = _axis(rank, residue, key_height, dilation, K)
    for r in range(K):
        y, y_offset = residue + dilation * (start + r), start + r - rank + K - 1
        keys, key_at, key_mask = _load(k, y, key_x, key_exists, key_height, key_width, heads, channels, C)
        values, _, _ = _load(v, y, key_x, key_exists, key_height, key_width, heads, channels, C)
        scores = _scores(queries, keys, bias, y_offset, x_offset, seen, scale, heads, K, PRECISION)
        attention = tl.exp(scores - most[:, None]) / total[:, None]
        d_attention = tl.dot(up, tl.trans(values), input_precision=PRECISION)
        d_scores = attention * (d_attention - along[:, None])
        table = dbias + (tl.program_id(2) % heads * side + y_offset) * side
        for offset in range(side):
            tl.atomic_add(table + offset, tl.sum(tl.where(x_offset == offset, d_scores, 0.0)))
        d_scores = (d_scores * scale).to(queries.dtype)
        down += tl.dot(d_scores, keys, input_precision=PRECISION)
        d_keys = tl.dot(tl.trans(d_scores), queries, input_precision=PRECISION)
        d_values = tl.dot(tl.trans(attention.to(up.dtype)), up, input_precision=PRECISION)
        tl.atomic_add(dk + key_at, d_keys, mask=key_mask)
        tl.atomic_add(dv + key_at, d_values, mask=key_mask)
    tl.store(dq + at, down, mask=mask)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int) -> Tensor:
    """Compute `attend_in_tiles`."""
    q, k, v, bias = q.contiguous(), k.contiguous(), v.contiguous(), bias.float().contiguous()
    out = torch.empty_like(q)
    grid, sizes = _geometry(q, k, kernel_size, dilation)
    _attend[grid](q, k, v, bias, out, **sizes)
    return out


def attend_gradients(
    grad: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of q, k, v and bias; those of k, v and bias are added in no fixed order."""
    inputs = q, k, v, bias
    grad, q, k, v = grad.to(q.dtype).contiguous(), q.contiguous(), k.contiguous(), v.contiguous()
    gradients = tuple(torch.zeros_like(x, dtype=torch.float32) for x in (q, k, v, bias.contiguous()))
    grid, sizes = _geometry(q, k, kernel_size, dilation)
    _attend_gradients[grid](grad, q, k, v, bias.float().contiguous(), *gradients, **sizes)
    dq, dk, dv, dbias = (x.to(of.dtype) for x, of in zip(gradients, inputs, strict=True))
    return dq, dk, dv, dbias


def _geometry(
    q: Tensor, k: Tensor, kernel_size: int, dilation: int
) -> tuple[tuple[int, int, int], dict[str, Any]]:
    batch, height, width, heads, channels = q.shape
    runs = min(dilation, width) * triton.cdiv(triton.cdiv(width, dilation), QUERIES)
    sizes = {
        "scale": channels**-0.5,
        "height": height,
        "width": width,
        "key_height": k.shape[1],
        "key_width": k.shape[2],
        "heads": heads,
        "channels": channels,
        "dilation": dilation,
        "K": kernel_size,
        "Q": QUERIES,
        "S": triton.next_power_of_2(QUERIES + kernel_size - 1),
        "C": max(16, triton.next_power_of_2(channels)),
        "PRECISION": products(),
    }
    return (runs, height, batch * heads), sizes


def difference(device: torch.device) -> float:
    """Compare with attention in tiles, gradients too: two heads, two runs, shifted windows, keys that nobody asks for."""
    from restora.layers.neighborhood_kernel import attend_in_tiles

    generator = torch.Generator().manual_seed(0)
    shapes = (1, 2, 35, 2, 5), (1, 6, 38, 2, 5), (1, 6, 38, 2, 5), (2, 5, 5)
    q, k, v, bias = (torch.randn(shape, generator=generator).to(device).requires_grad_() for shape in shapes)
    with torch.enable_grad():
        expected = attend_in_tiles(q, k, v, bias, 3, 2)
        gradients = torch.autograd.grad(expected.square().sum(), (q, k, v, bias))
    q, k, v, bias = q.detach(), k.detach(), v.detach(), bias.detach()
    out = attend(q, k, v, bias, 3, 2)
    found = out, *attend_gradients(2 * out, q, k, v, bias, 3, 2)
    return largest_difference(found, (expected.detach(), *gradients))
