"""Attention between pairs of patches and its gradients as kernels of Triton, a chunk of queries in each program.

Patches (M, p, C) and chunks as in `pair_kernel`. The queries of a chunk, k * p pixels, stay in registers while its
neighbours come one by one.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from restora.layers.kernels import largest_difference, products

LARGEST = 64 * 256
"""Values of a chunk's queries that fit the registers and the shared memory of a program."""


@triton.jit
def _attention(q, keys, pixels, scale, P: tl.constexpr, PRECISION: tl.constexpr):
    """Softmax of queries (L, C) over the pixels of one patch of keys (P, C)."""
    scores = tl.dot(q, tl.trans(keys), input_precision=PRECISION) * scale
    scores = tl.where((tl.arange(0, P) < pixels)[None, :], scores, -float("inf"))
    scores = tl.exp(scores - tl.max(scores, 1)[:, None])
    return scores / tl.sum(scores, 1)[:, None]


@triton.jit
def _asked(queries, k, pixels, channels, L: tl.constexpr, C: tl.constexpr):
    """The program's chunk, the slot of each query pixel (L), which exist, where they lie (L, C), and which values exist."""
    chunk = tl.program_id(0).to(tl.int64)
    lane, c = tl.arange(0, L), tl.arange(0, C)
    slot = lane // pixels
    number = tl.load(queries + chunk * k + slot, mask=slot < k, other=-1)
    there = number >= 0
    at = ((number * pixels + lane % pixels) * channels)[:, None] + c[None, :]
    return chunk, slot, there, at, there[:, None] & (c < channels)[None, :]


@triton.jit
def _seen(
    key,
    value,
    weights,
    other,
    chunk,
    slot,
    there,
    j,
    k,
    n,
    pixels,
    channels,
    P: tl.constexpr,
    C: tl.constexpr,
):
    """A neighbour's keys and values (P, C), its weight for each query (L), where it lies, and which values exist."""
    pixel, c = tl.arange(0, P), tl.arange(0, C)
    at = ((other * pixels + pixel) * channels)[:, None] + c[None, :]
    mask = (pixel < pixels)[:, None] & (c < channels)[None, :]
    k_patch = tl.load(key + at, mask=mask, other=0.0)
    v_patch = tl.load(value + at, mask=mask, other=0.0)
    weight = tl.load(weights + (chunk * k + slot) * n + j, mask=there, other=0.0).to(tl.float32)
    return k_patch, v_patch, weight, at, mask


@triton.jit
def _attend(
    query, key, value, weights, queries, keys, out,
    scale, k, n, pixels, channels,
    L: tl.constexpr, P: tl.constexpr, C: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    chunk, slot, there, at, mask = _asked(queries, k, pixels, channels, L, C)
    q = tl.load(query + at, mask=mask, other=0.0)
    total = tl.zeros((L, C), tl.float32)
    for j in range(n):
        other = tl.load(keys + chunk * n + j)
        if other >= 0:
            k_patch, v_patch, weight, _, _ = _seen(
                key, value, weights, other, chunk, slot, there, j, k, n, pixels, channels, P, C
            )
            mixed = _attention(q, k_patch, pixels, scale, P, PRECISION) * weight[:, None]
            total += tl.dot(mixed.to(v_patch.dtype), v_patch, input_precision=PRECISION)
    tl.store(out + at, tl.load(out + at, mask=mask, other=0.0) + total, mask=mask)


@triton.jit
def _attend_gradients(
    grad, query, key, value, weights, queries, keys,
    d_query, d_key, d_value, d_weights,
    scale, k, n, pixels, channels,
    L: tl.constexpr, P: tl.constexpr, C: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    chunk, slot, there, at, mask = _asked(queries, k, pixels, channels, L, C)
    q = tl.load(query + at, mask=mask, other=0.0)
    up = tl.load(grad + at, mask=mask, other=0.0)
    down = tl.zeros((L, C), tl.float32)
    for j in range(n):
        other = tl.load(keys + chunk * n + j)
        if other >= 0:
            k_patch, v_patch, weight, there_at, there_mask = _seen(
                key, value, weights, other, chunk, slot, there, j, k, n, pixels, channels, P, C
            )
            attention = _attention(q, k_patch, pixels, scale, P, PRECISION)
            d_mixed = tl.dot(up, tl.trans(v_patch), input_precision=PRECISION)
            along = tl.sum(attention * d_mixed, 1)
            for a in range(k):
                together = tl.sum(tl.where(slot == a, along, 0.0), 0)
                tl.store(d_weights + (chunk * k + a) * n + j, together)
            mixed = attention * weight[:, None]
            d_scores = (mixed * (d_mixed - along[:, None]) * scale).to(q.dtype)
            d_v = tl.dot(tl.trans(mixed.to(up.dtype)), up, input_precision=PRECISION)
            d_k = tl.dot(tl.trans(d_scores), q, input_precision=PRECISION)
            tl.atomic_add(d_value + there_at, d_v, mask=there_mask)
            tl.atomic_add(d_key + there_at, d_k, mask=there_mask)
            down += tl.dot(d_scores, k_patch, input_precision=PRECISION)
    tl.atomic_add(d_query + at, down, mask=mask)


def fits(query: Tensor, queries: Tensor) -> bool:
    """Tell whether chunks of (M, p, C) patches by (h, B * N_c, k) rows are small enough for a program."""
    sizes = _sizes(query, queries, queries)
    return bool(sizes["L"] * sizes["C"] <= LARGEST)


def attend(
    query: Tensor, key: Tensor, value: Tensor, weights: Tensor, queries: Tensor, keys: Tensor, out: Tensor
) -> None:
    """Add to out, in float32, what the queries take; all without gaps, see `attention_of_pairs`."""
    chunks = queries.shape[1]
    for t in range(len(queries)):  # a round at a time, in which every patch asks once
        patches = query, key, value, weights[t * chunks : (t + 1) * chunks], queries[t], keys[t], out
        _attend[(chunks,)](*patches, **_sizes(query, queries, keys))


def attend_gradients(
    grad: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    weights: Tensor,
    queries: Tensor,
    keys: Tensor,
    d_query: Tensor,
    d_key: Tensor,
    d_value: Tensor,
    d_weights: Tensor,
) -> None:
    """Add the gradients to what is given for them, float32 and zero at first; they are added in no fixed order."""
    gradients = d_query, d_key, d_value, d_weights
    operands = grad, query, key, value, weights, queries, keys
    _attend_gradients[(len(weights),)](*operands, *gradients, **_sizes(query, queries, keys))


def _sizes(query: Tensor, queries: Tensor, keys: Tensor) -> dict[str, Any]:
    _, pixels, channels = query.shape
    k, n = queries.shape[2], keys.shape[2]
    blocks = {"L": k * pixels, "P": pixels, "C": channels}
    sizes = {name: triton.next_power_of_2(max(16, size)) for name, size in blocks.items()}
    known = {"scale": channels**-0.5, "k": k, "n": n, "pixels": pixels, "channels": channels}
    return sizes | known | {"PRECISION": products()}


def difference(device: torch.device) -> float:
    """Compare with attention in slabs, gradients too: two images of three patches, two rounds, an empty slot."""
    from restora.layers.pair_kernel import attention_in_slabs, gradients_in_slabs

    generator = torch.Generator().manual_seed(0)
    queries = torch.tensor([[[0, 1], [2, -1], [3, 4], [5, -4]], [[2, 1], [0, -1], [4, 3], [5, -4]]])
    keys = torch.cat([queries, queries.view(2, 2, 2, 2).roll(1, 2).view(2, 4, 2)], dim=2).to(device)
    shapes = *[(6, 9, 20)] * 4, (8, 2, 4)
    up, q, k, v, weights = (torch.randn(shape, generator=generator).to(device) for shape in shapes)
    queries = queries.to(device)
    weights = weights * (queries >= 0).flatten(0, 1)[..., None] * (keys >= 0).flatten(0, 1)[:, None]
    operands = q, k, v, weights, queries, keys
    found, expected = ([torch.zeros_like(x) for x in (up, *operands[:4])] for _ in range(2))
    attend(q, k, v, weights, queries, keys, found[0])
    attend_gradients(up, *operands, *found[1:])
    attention_in_slabs(q, k, v, weights, queries, keys, expected[0])
    gradients_in_slabs(up, *operands, *expected[1:])
    for gradients in (found, expected):  # nothing is asked of empty slots
        gradients[4] *= weights != 0
    return largest_difference(tuple(found), tuple(expected))
