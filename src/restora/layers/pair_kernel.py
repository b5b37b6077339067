"""Attention between pairs of patches, forward and backward, as operators of torch: in slabs, by loops or by kernels.

As operators they are one node of a compiled graph. Patches are rows of (M, p, C), M = B * N patches of all images, each
of p = r^2 pixels; chunks name their k query and n key patches by their number in M, round by round and, in a round,
image by image. An empty slot is -1 less the number of a patch that may stand for it.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from restora.layers.compiled import compiles, run, scalar
from restora.layers.kernels import kernels_compute

SLAB_SCORES_CPU = 2**18
"""Scores of a slab on the CPU, 1 MiB in float32: what a core keeps in its second-level cache."""
SLAB_SCORES_GPU = 2**26
"""Scores of a slab elsewhere, 256 MiB in float32: enough work for each launch."""


def logits_in_slabs(query: Tensor, key: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    """Compute `logits_of_pairs` a slab of chunks after another."""
    wide = _accumulator_type(query)
    q, k = query.flatten(1), key.flatten(1)
    logits = [
        torch.bmm(_pick(q, a).to(wide), _pick(k, j).to(wide).transpose(1, 2))
        for _, a, j in _slabs(query, queries, keys)
    ]
    return torch.cat(logits)


@torch.library.custom_op("restora::pair_logits", mutates_args=())
def logits_of_pairs(query: Tensor, key: Tensor, queries: Tensor, keys: Tensor, images: int) -> Tensor:
    """Return the dot products of whole patches.

    Args:
        query: (M, p, C).
        key: (M, p, C).
        queries: Patches of each chunk (h, B * N_c, k).
        keys: Patches that each chunk looks at (h, B * N_c, n).
        images: B.

    Returns:
        (h * B * N_c, k, n), at least in float32.
    """
    if not _loops_compute(query, key):
        return logits_in_slabs(query, key, _filled(queries), _filled(keys))
    from restora.layers.pair_loops import logits

    out = _no_logits(query, queries, keys)
    run(logits, len(out), scalar(0, out), *_operands(query, key, queries, keys), out, grain=64)
    return out


@torch.library.custom_op("restora::pair_logits_backward", mutates_args=())
def logits_of_pairs_backward(
    grad: Tensor, query: Tensor, key: Tensor, queries: Tensor, keys: Tensor, images: int
) -> tuple[Tensor, Tensor]:
    """Return the gradients of query and key."""
    d_query, d_key = _zeros(query), _zeros(key)
    if _loops_compute(query, key):
        from restora.layers.pair_loops import logits_gradients

        operands = _operands(grad, query, key, queries, keys)
        run(logits_gradients, images, images, len(queries), scalar(0, grad), *operands, d_query, d_key)
    else:
        for at, a, j in _slabs(query, _filled(queries), _filled(keys)):
            q, k = (_pick(x.flatten(1), rows).to(d_query.dtype) for x, rows in ((query, a), (key, j)))
            _add_rows(d_query, a, torch.bmm(grad[at], k), a.shape[1])
            _add_rows(d_key, j, torch.bmm(grad[at].transpose(1, 2), q), a.shape[1])
    return d_query.to(query.dtype), d_key.to(key.dtype)


@torch.library.custom_op("restora::pair_attention", mutates_args=())
def attention_of_pairs(
    query: Tensor, key: Tensor, value: Tensor, weights: Tensor, queries: Tensor, keys: Tensor, images: int
) -> Tensor:
    """Let the pixels of each patch attend to those of its neighbours, each by itself, and add up with weights.

    Args:
        query: (M, p, C), not scaled.
        key: (M, p, C).
        value: (M, p, C).
        weights: Of the neighbours (h * B * N_c, k, n), zero where the slot of a query or of a key is empty.
        queries: Patches of each chunk (h, B * N_c, k).
        keys: Patches that each chunk looks at (h, B * N_c, n).
        images: B.

    Returns:
        The sum over neighbours and rounds (M, p, C).
    """
    out = _zeros(query)
    if _loops_compute(query, key, value):
        from restora.layers.pair_loops import attend

        scale, chunks = scalar(query.shape[2] ** -0.5, out), queries.shape[1]
        *patches, weights, queries, keys = _operands(query, key, value, weights, queries, keys)
        for first in range(0, len(queries), chunks):  # a round at a time, in which every patch asks once
            of_round = (x[first : first + chunks] for x in (weights, queries, keys))
            run(attend, chunks, scale, *patches, *of_round, out, grain=16)
    elif _kernels_compute(query, queries):
        from restora.layers import pair_triton

        pair_triton.attend(*_contiguous(query, key, value, weights, queries, keys, out))
    else:
        attention_in_slabs(query, key, value, weights, queries, keys, out)
    return out.to(query.dtype)


@torch.library.custom_op("restora::pair_attention_backward", mutates_args=())
def attention_of_pairs_backward(
    grad: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    weights: Tensor,
    queries: Tensor,
    keys: Tensor,
    images: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of query, key, value and weights; the attention is computed again, not kept."""
    d_query, d_key, d_value = _zeros(query), _zeros(key), _zeros(value)
    d_weights = torch.empty_like(weights, memory_format=torch.contiguous_format)
    if _loops_compute(query, key, value):
        from restora.layers.pair_loops import attend_gradients

        scale = scalar(query.shape[2] ** -0.5, d_query)
        operands = _operands(grad, query, key, value, weights, queries, keys)
        wide = _zeros(weights)
        run(attend_gradients, images, images, len(queries), scale, *operands, d_query, d_key, d_value, wide)
        d_weights = wide.to(weights.dtype)
    elif _kernels_compute(query, queries):
        from restora.layers import pair_triton

        inputs, gradients = (grad, query, key, value, weights, queries, keys), (d_query, d_key, d_value)
        pair_triton.attend_gradients(*_contiguous(*inputs, *gradients, d_weights.zero_()))
    else:
        gradients_in_slabs(
            grad, query, key, value, weights, queries, keys, d_query, d_key, d_value, d_weights
        )
    return d_query.to(query.dtype), d_key.to(key.dtype), d_value.to(value.dtype), d_weights


def attention_in_slabs(
    query: Tensor, key: Tensor, value: Tensor, weights: Tensor, queries: Tensor, keys: Tensor, out: Tensor
) -> None:
    """Add to out what the queries take, a slab of chunks after another."""
    for a, part in attended(query, key, value, weights, _filled(queries), _filled(keys)):
        _add_rows(out, a, part, a.shape[1])


def gradients_in_slabs(
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
    """Add the gradients to what is given for them.

    Scores lie as (slab, n, p, k * p): the softmax runs along a strided axis, which vectorises over the queries.
    """
    pixels, scale = query.shape[1], query.shape[2] ** -0.5
    for at, a, j in _slabs(query, _filled(queries), _filled(keys)):
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


def attended(
    query: Tensor, key: Tensor, value: Tensor, weights: Tensor, queries: Tensor, keys: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the rows of each slab's queries (s, k), and what they take from their neighbours (s, k p, C)."""
    for at, a, j in _slabs(query, queries, keys):
        attention = _attention(_scaled(query, a), _pixels(key, j), j.shape[1])
        mixed = (attention * _by_pixel(weights[at], query.shape[1])).flatten(1, 2)
        yield a, torch.bmm(mixed.transpose(1, 2), _pixels(value, j))


@logits_of_pairs.register_fake
def _(query: Tensor, key: Tensor, queries: Tensor, keys: Tensor, images: int) -> Tensor:
    return _no_logits(query, queries, keys)


@logits_of_pairs_backward.register_fake
def _(
    grad: Tensor, query: Tensor, key: Tensor, queries: Tensor, keys: Tensor, images: int
) -> tuple[Tensor, Tensor]:
    return _like(query), _like(key)


@attention_of_pairs.register_fake
def _(
    query: Tensor, key: Tensor, value: Tensor, weights: Tensor, queries: Tensor, keys: Tensor, images: int
) -> Tensor:
    return _like(query)


@attention_of_pairs_backward.register_fake
def _(
    grad: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    weights: Tensor,
    queries: Tensor,
    keys: Tensor,
    images: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return _like(query), _like(key), _like(value), _like(weights)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.images = inputs
    ctx.save_for_backward(*tensors)


def _logits_gradients(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return *logits_of_pairs_backward(grad, *ctx.saved_tensors, ctx.images), None, None, None


def _attention_gradients(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return *attention_of_pairs_backward(grad, *ctx.saved_tensors, ctx.images), None, None, None


logits_of_pairs.register_autograd(_logits_gradients, setup_context=_save)
attention_of_pairs.register_autograd(_attention_gradients, setup_context=_save)


@register_flop_formula(torch.ops.restora.pair_logits)
def _logits_flops(
    query: Sequence[int], key: object, queries: Sequence[int], keys: Sequence[int], *_: object, **__: object
) -> int:
    return 2 * math.prod(queries) * keys[2] * math.prod(query[1:])


@register_flop_formula(torch.ops.restora.pair_attention)
def _attention_flops(
    query: Sequence[int],
    key: object,
    value: object,
    weights: Sequence[int],
    *_: object,
    **__: object,
) -> int:
    return 2 * 2 * math.prod(weights) * query[1] ** 2 * query[2]


def _loops_compute(*tensors: Tensor) -> bool:
    return compiles(tensors[0]) and len({x.dtype for x in tensors}) == 1


def _kernels_compute(query: Tensor, queries: Tensor) -> bool:
    if query.dtype == torch.float64 or not kernels_compute("pair_triton", query.device):
        return False
    from restora.layers.pair_triton import fits

    return fits(query, queries)


def _contiguous(*tensors: Tensor) -> Iterator[Tensor]:
    return (x.contiguous() for x in tensors)


def _filled(rows: Tensor) -> Tensor:
    """Let patches stand for empty slots."""
    return torch.where(rows < 0, -1 - rows, rows)


def _operands(*tensors: Tensor) -> Iterator[Tensor]:
    """Lay patches and weights as they are, and rows as (h * B * N_c, ...), without gaps."""
    return (x.contiguous() if x.is_floating_point() else x.flatten(0, 1).contiguous() for x in tensors)


def _no_logits(query: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    return query.new_empty(
        queries[..., 0].numel(), *queries.shape[2:], keys.shape[2], dtype=_accumulator_type(query)
    )


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


def _like(x: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)
