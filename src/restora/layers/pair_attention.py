"""Attention between the pixels of pairs of patches, streamed over rounds and slabs of chunks.

Every chunk of k patches looks at n neighbours: k r^2 x n r^2 scores, 512 for each pixel of the image at the usual sizes.
Nothing here ever holds the scores, or the gathered patches, of more than one slab of chunks, neither forwards nor
backwards: memory grows with the pixels by a few feature maps and not by hundreds. The chunks do not depend on one
another, so this changes no result.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from restora.layers.exporting import is_exporting
from restora.layers.patches import PatchGroups
from restora.layers.precision import full_precision

SLAB_SCORES_CPU = 2**18
"""Scores of a slab on the CPU, 1 MiB in float32: what a core keeps in its second-level cache."""
SLAB_SCORES_GPU = 2**26
"""Scores of a slab elsewhere, 256 MiB in float32: enough work for each launch."""


def pair_logits(query: Tensor, key: Tensor, groups: PatchGroups) -> Tensor:
    """Compare whole patches: the dot products of flattened patches in eq. 10, g[a, j] = sum_i,c Q[a, i, c] K[j, i, c].

    Args:
        query: phi of the patches (B, N, r * r, C).
        key: theta of the patches (B, N, r * r, C).
        groups: Who looks at whom.

    Returns:
        (B, h, N, n) by patch number and slot of ``groups.neighbours``, unscaled, at least in float32 (they are sums of
        many products); -inf in empty slots.
    """
    B = len(query)
    with full_precision(query):
        logits: Tensor = _PairLogits.apply(  # type: ignore[no-untyped-call]
            query.flatten(0, 1), key.flatten(0, 1), *_rows(groups)
        )
    shape = groups.chunks.shape[1], B, groups.chunks.shape[2], *logits.shape[1:]
    logits = logits.view(shape).transpose(0, 1)  # (B, h, N_c, k, n)
    empty = (groups.neighbours < 0)[..., None, :]
    return groups.by_patch(logits.masked_fill(empty, -torch.inf))


def pair_attention(query: Tensor, key: Tensor, value: Tensor, weights: Tensor, groups: PatchGroups) -> Tensor:
    """Attend to each neighbouring patch by itself and add up the results with given weights (eq. 8 and 9).

        o[a] = sum over j of w[a, j] softmax(Q[a] K[j]^T / sqrt(C)) V[j]

    The softmax runs over the r^2 pixels of one neighbour, not over those of all.

    Args:
        query: phi of the patches (B, N, r * r, C).
        key: theta of the patches (B, N, r * r, C).
        value: psi of the patches (B, N, r * r, C).
        weights: w (B, h, N, n) by patch number and slot of ``groups.neighbours``, zero in empty slots.
        groups: Who looks at whom.

    Returns:
        The sum over neighbours and rounds (B, N, r * r, C).
    """
    chunked = groups.by_chunk(weights).transpose(0, 1).flatten(0, 2).to(query.dtype)  # (h * B * N_c, k, n)
    operands = (*(x.flatten(0, 1) for x in (query, key, value)), chunked, *_rows(groups))
    with full_precision(query):
        if is_exporting():
            # Some runtimes lose additions to one address from several threads; a gather and a sum are safe.
            parts = torch.cat([part for _, part in _attended(*operands)])  # (h * B * N_c, k p, C)
            B, h, N_c, k = groups.chunks.shape
            rounds = parts.view(h, B, N_c, k, *query.shape[2:]).transpose(0, 1)
            return groups.by_patch(rounds).sum(1)
        out: Tensor = _PairAttention.apply(*operands)  # type: ignore[no-untyped-call]
    return out.view(query.shape)


class _PairLogits(torch.autograd.Function):
    """g of (M, p, C) queries and keys, M = B * N patches of p = r^2 pixels, by row numbers: (h * B * N_c, k, n)."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
        ctx.save_for_backward(query, key, queries, keys)
        wide = _accumulator_type(query)
        q, k = query.flatten(1), key.flatten(1)
        logits = [
            torch.bmm(_pick(q, a).to(wide), _pick(k, j).to(wide).transpose(1, 2))
            for _, a, j in _slabs(query, queries, keys)
        ]
        return torch.cat(logits)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, queries, keys = ctx.saved_tensors
        d_query, d_key = _zeros(query), _zeros(key)
        for at, a, j in _slabs(query, queries, keys):
            q, k = (_pick(x.flatten(1), rows).to(d_query.dtype) for x, rows in ((query, a), (key, j)))
            _add_rows(d_query, a, torch.bmm(grad[at], k), a.shape[1])
            _add_rows(d_key, j, torch.bmm(grad[at].transpose(1, 2), q), a.shape[1])
        return d_query.to(query.dtype), d_key.to(key.dtype), None, None


class _PairAttention(torch.autograd.Function):
    """o of (M, p, C) queries, keys and values and (h * B * N_c, k, n) weights, by row numbers: (M, p, C).

    Scores lie as (slab, n, p, k * p): the softmax runs along a strided axis, which vectorises over the queries.
    """

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, weights: Tensor, queries: Tensor, keys: Tensor
    ) -> Tensor:
        ctx.save_for_backward(query, key, value, weights, queries, keys)
        out = _zeros(query)
        for a, part in _attended(query, key, value, weights, queries, keys):
            _add_rows(out, a, part, a.shape[1])
        return out.to(query.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights, queries, keys = ctx.saved_tensors
        d_query, d_key, d_value = _zeros(query), _zeros(key), _zeros(value)
        d_weights = torch.empty_like(weights)
        pixels, scale = query.shape[1], query.shape[2] ** -0.5
        for at, a, j in _slabs(query, queries, keys):
            q, k, v = _scaled(query, a), _pixels(key, j), _pixels(value, j)  # (s, k p, C), (s, n p, C) twice
            d_out = _pixels(grad, a)  # (s, k p, C)
            attention = _attention(q, k, j.shape[1])  # (s, n, p, k p), as all that follow
            mixed = attention * _by_pixel(weights[at], pixels)
            d_mixed = torch.bmm(v, d_out.transpose(1, 2)).view_as(mixed)
            along = (attention * d_mixed).sum(2, keepdim=True)  # (s, n, 1, k p)
            d_scores = (mixed * (d_mixed - along)).flatten(1, 2)  # through the softmax
            d_weights[at] = along.view(*j.shape, -1, pixels).sum(-1).transpose(1, 2)
            _add_rows(d_value, j, torch.bmm(mixed.flatten(1, 2), d_out), a.shape[1])
            _add_rows(d_key, j, torch.bmm(d_scores, q), a.shape[1])
            _add_rows(d_query, a, torch.bmm(d_scores.transpose(1, 2), k).mul_(scale), a.shape[1])
        grads = d_query.to(query.dtype), d_key.to(key.dtype), d_value.to(value.dtype)
        return *grads, d_weights, None, None


def _attended(
    query: Tensor, key: Tensor, value: Tensor, weights: Tensor, queries: Tensor, keys: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the rows of each slab's queries (s, k), and what they take from their neighbours (s, k p, C)."""
    for at, a, j in _slabs(query, queries, keys):
        attention = _attention(_scaled(query, a), _pixels(key, j), j.shape[1])
        mixed = (attention * _by_pixel(weights[at], query.shape[1])).flatten(1, 2)
        yield a, torch.bmm(mixed.transpose(1, 2), _pixels(value, j))


def _attention(query: Tensor, key: Tensor, neighbours: int) -> Tensor:
    """Softmax over each neighbour's pixels of (s, k p, C) scaled queries and (s, n p, C) keys: (s, n, p, k p)."""
    scores = torch.bmm(key, query.transpose(1, 2))
    return scores.view(len(key), neighbours, -1, query.shape[1]).softmax(2)


def _by_pixel(weights: Tensor, pixels: int) -> Tensor:
    """Repeat the weights of patches (s, k, n) for their pixels: (s, n, 1, k p)."""
    return weights.transpose(1, 2)[..., None].expand(-1, -1, -1, pixels).flatten(2)[:, :, None]


def _scaled(query: Tensor, rows: Tensor) -> Tensor:
    """Pick queries (M, p, C) by (s, k): (s, k p, C), divided by sqrt(C)."""
    return _pixels(query, rows).mul_(query.shape[2] ** -0.5)


def _rows(groups: PatchGroups) -> tuple[Tensor, Tensor]:
    """Number the patches of all images through: chunks (h, B * N_c, k) and neighbours (h, B * N_c, n).

    Empty slots name the image's first patch; they have weight zero.
    """
    B, _, N = groups.order.shape
    first = torch.arange(B, device=groups.order.device)[:, None, None, None] * N
    chunks, neighbours = (
        (patches.clamp(min=0) + first).transpose(0, 1).flatten(1, 2)
        for patches in (groups.chunks, groups.neighbours)
    )
    return chunks, neighbours


def _slabs(query: Tensor, queries: Tensor, keys: Tensor) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Walk over rounds and slabs of s chunks: where they are, the rows of their queries (s, k) and keys (s, n)."""
    rounds, chunks, k = queries.shape
    queries, keys = queries.flatten(0, 1), keys.flatten(0, 1)
    scores = k * keys.shape[1] * query.shape[1] ** 2
    # A traced loop is unrolled, so that many slabs make a large graph.
    traced = torch.compiler.is_compiling()
    budget = SLAB_SCORES_CPU if query.device.type == "cpu" and not traced else SLAB_SCORES_GPU
    if traced and len(queries) * scores <= budget:
        yield slice(None), queries, keys
        return
    step = max(1, budget // scores)
    for end in range(chunks, rounds * chunks + 1, chunks):
        for start in range(end - chunks, end, step):
            part = slice(start, min(start + step, end))
            yield part, queries[part], keys[part]


def _pick(x: Tensor, rows: Tensor) -> Tensor:
    """Gather rows of (M, D) by (s, m): (s, m, D)."""
    return x.index_select(0, rows.flatten()).view(*rows.shape, -1)


def _pixels(x: Tensor, rows: Tensor) -> Tensor:
    """Gather patches (M, p, C) by (s, m), a new tensor: (s, m p, C)."""
    return x.index_select(0, rows.flatten()).view(len(rows), -1, x.shape[2])


def _add_rows(total: Tensor, rows: Tensor, x: Tensor, k: int) -> None:
    """Add x (s, m p, C) or (s, m, p C) to the total (M, p, C) at its rows (s, m).

    Own patches and those looked back at are added one after the other. In each half a patch occurs once, so no two
    additions race for one address, and a graphics card gives the same sum every time.
    """
    x = x.to(total.dtype).view(*rows.shape, *total.shape[1:])
    for part, values in zip(torch.split(rows, k, dim=1), torch.split(x, k, dim=1), strict=True):
        total.index_add_(0, part.flatten(), values.flatten(0, 1))


def _accumulator_type(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)


def _zeros(x: Tensor) -> Tensor:
    return torch.zeros_like(x, dtype=_accumulator_type(x), memory_format=torch.contiguous_format)
