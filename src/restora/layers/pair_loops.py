"""Attention between pairs of patches and its gradients as compiled loops, a chunk of queries after another.

The scores of a chunk and one neighbour are a matrix of p key pixels by k * p query pixels, whose rows neighbouring
numbers fill: all that is done to them runs along the queries, and they stay in the first-level cache. Patches are copied
as they come, in the precision of the sums: bfloat16 is widened on the way.
"""

from typing import Any

import numpy as np

from restora.layers.compiled import called, compiled_loop
from restora.layers.vectors import U, add_products, exponential, widened


@called
def _load(patches: Any, patch: Any, source: Any, number: int, factor: Any) -> None:
    """Copy a patch (p, C), multiplied, to a place among others."""
    pixels, channels = source.shape[1:]
    at = U(patch * pixels * channels)
    number = max(number, -1 - number)  # where the slot is empty, a patch that stands for it
    for i in range(pixels):
        for c in range(channels):
            patches[at + U(i * channels + c)] = factor * widened(source[number, i, c])


@called
def _transpose(turned: Any, rows: Any, height: int, width: int) -> None:
    """Lay a matrix (height, width) as (width, height)."""
    for x in range(width):
        for y in range(height):
            turned[U(x * height + y)] = rows[U(y * width + x)]


@called
def _add_patches(total: Any, turned: Any, numbers: Any, factor: Any) -> None:
    """Add (C, k * p), multiplied, to the patches (M, p, C) of these numbers."""
    pixels, channels = total.shape[1:]
    lanes = len(numbers) * pixels
    for a in range(len(numbers)):
        if numbers[a] < 0:  # the patch that stands there may be at work in another thread
            continue
        for i in range(pixels):
            for c in range(channels):
                total[numbers[a], i, c] += factor * turned[U(c * lanes + a * pixels + i)]


@called
def _attention(
    s: Any, most: Any, sums: Any, key: Any, query: Any, pixels: int, channels: int, zero: Any
) -> None:
    """Compute the attention (p, k * p) of queries (C, k * p) to one patch of keys (p, C)."""
    n = U(len(most))
    s[:] = zero
    add_products(s, U(0), n, key, U(0), U(channels), U(1), query, n, U(pixels), U(channels), n)
    for x in range(n):
        most[x], sums[x] = s[x], zero
    for i in range(U(1), U(pixels)):
        for x in range(n):
            most[x] = max(most[x], s[i * n + x])
    for i in range(U(pixels)):
        for x in range(n):
            s[i * n + x] = exponential(s[i * n + x] - most[x])
            sums[x] += s[i * n + x]
    for x in range(n):
        sums[x] = 1 / sums[x]


@compiled_loop
def attend(
    start: int,
    stop: int,
    scale: Any,
    query: Any,
    key: Any,
    value: Any,
    weights: Any,
    queries: Any,
    keys: Any,
    out: Any,
) -> None:
    """Add to out what the queries of chunks start ... stop - 1 take: (M, p, C) each, rows (R, k) and (R, n)."""
    _, pixels, channels = query.shape
    k, zero = queries.shape[1], scale - scale
    one, lanes = scale / scale, k * pixels
    rows, turned, answer = (
        np.full(channels * lanes, zero),
        np.full(channels * lanes, zero),
        np.full(channels * lanes, zero),
    )
    patch, s, most, sums = (
        np.full(pixels * channels, zero),
        np.full(pixels * lanes, zero),
        np.full(lanes, zero),
        np.full(lanes, zero),
    )
    for chunk in range(start, stop):
        for a in range(k):
            _load(rows, a, query, queries[chunk, a], scale)
        _transpose(turned, rows, lanes, channels)
        answer[:] = zero
        for j in range(keys.shape[1]):
            if keys[chunk, j] < 0:
                continue
            _load(patch, 0, key, keys[chunk, j], one)
            _attention(s, most, sums, patch, turned, pixels, channels, zero)
            for a in range(k):
                for x in range(U(a * pixels), U((a + 1) * pixels)):
                    sums[x] *= widened(weights[chunk, a, j])
            for i in range(U(pixels)):
                for x in range(U(lanes)):
                    s[i * U(lanes) + x] *= sums[x]
            _load(patch, 0, value, keys[chunk, j], one)
            add_products(
                answer,
                U(0),
                U(lanes),
                patch,
                U(0),
                U(1),
                U(channels),
                s,
                U(lanes),
                U(channels),
                U(pixels),
                U(lanes),
            )
        _add_patches(out, answer, queries[chunk], one)


@compiled_loop
def attend_gradients(
    start: int,
    stop: int,
    images: int,
    rounds: int,
    scale: Any,
    grad: Any,
    query: Any,
    key: Any,
    value: Any,
    weights: Any,
    queries: Any,
    keys: Any,
    d_query: Any,
    d_key: Any,
    d_value: Any,
    d_weights: Any,
) -> None:
    """Take images start ... stop - 1, one chunk after another; all gradients are zero at first."""
    _, pixels, channels = query.shape
    k, zero = queries.shape[1], scale - scale
    one, lanes = scale / scale, k * pixels
    p, n, C = U(pixels), U(lanes), U(channels)
    q, q_turned, up, up_turned, down = (
        np.full(channels * lanes, zero),
        np.full(channels * lanes, zero),
        np.full(channels * lanes, zero),
        np.full(channels * lanes, zero),
        np.full(channels * lanes, zero),
    )
    a_key, a_value, d_patch = (
        np.full(pixels * channels, zero),
        np.full(pixels * channels, zero),
        np.full(pixels * channels, zero),
    )
    s, ds = np.full(pixels * lanes, zero), np.full(pixels * lanes, zero)
    most, sums, along, share = (
        np.full(lanes, zero),
        np.full(lanes, zero),
        np.full(lanes, zero),
        np.full(lanes, zero),
    )
    chunks = len(queries) // (rounds * images)  # of an image in a round
    for image in range(start, stop):
        for number in range(rounds * chunks):
            chunk = (number // chunks * images + image) * chunks + number % chunks
            for a in range(k):
                _load(q, a, query, queries[chunk, a], scale)
                _load(up, a, grad, queries[chunk, a], one)
            _transpose(q_turned, q, lanes, channels)
            _transpose(up_turned, up, lanes, channels)
            down[:] = zero
            for j in range(keys.shape[1]):
                if keys[chunk, j] < 0:
                    continue
                _load(a_key, 0, key, keys[chunk, j], one)
                _load(a_value, 0, value, keys[chunk, j], one)
                _attention(s, most, sums, a_key, q_turned, pixels, channels, zero)
                ds[:] = zero
                add_products(ds, U(0), n, a_value, U(0), C, U(1), up_turned, n, p, C, n)
                along[:] = zero
                for i in range(p):
                    for x in range(n):
                        s[i * n + x] *= sums[x]
                        along[x] += s[i * n + x] * ds[i * n + x]
                for a in range(k):
                    together, weight = zero, widened(weights[chunk, a, j])
                    for x in range(U(a) * p, U(a + 1) * p):
                        together += along[x]
                        share[x] = weight
                    d_weights[chunk, a, j] = together
                for i in range(p):
                    for x in range(n):
                        s[i * n + x] *= share[x]
                        ds[i * n + x] = s[i * n + x] * (ds[i * n + x] - along[x])
                for total, weighed, rows in ((d_value, s, up), (d_key, ds, q)):
                    d_patch[:] = zero
                    add_products(d_patch, U(0), C, weighed, U(0), n, U(1), rows, C, p, n, C)
                    for i in range(pixels):
                        for c in range(channels):
                            total[keys[chunk, j], i, c] += d_patch[U(i * channels + c)]
                add_products(down, U(0), n, a_key, U(0), U(1), C, ds, n, C, p, n)
            _add_patches(d_query, down, queries[chunk], scale)


@compiled_loop
def logits(start: int, stop: int, zero: Any, query: Any, key: Any, queries: Any, keys: Any, out: Any) -> None:
    """Compare the patches of chunks start ... stop - 1 with those that they look at, into (R, k, n)."""
    _, pixels, channels = query.shape
    one = np.exp(zero)
    patches = np.full(queries.shape[1] * pixels * channels, zero)
    patch = np.full(pixels * channels, zero)
    for chunk in range(start, stop):
        for a in range(queries.shape[1]):
            _load(patches, a, query, queries[chunk, a], one)
        for j in range(keys.shape[1]):
            _load(patch, 0, key, keys[chunk, j], one)
            for a in range(queries.shape[1]):
                product, at = zero, U(a * pixels * channels)
                for x in range(U(pixels * channels)):
                    product += patches[at + x] * patch[x]
                out[chunk, a, j] = product


@compiled_loop
def logits_gradients(
    start: int,
    stop: int,
    images: int,
    rounds: int,
    zero: Any,
    grad: Any,
    query: Any,
    key: Any,
    queries: Any,
    keys: Any,
    d_query: Any,
    d_key: Any,
) -> None:
    """Take images start ... stop - 1; the gradients are zero at first."""
    _, pixels, channels = query.shape
    k, n, size = queries.shape[1], keys.shape[1], U(pixels * channels)
    one = np.exp(zero)
    q, dq = np.full(k * pixels * channels, zero), np.full(k * pixels * channels, zero)
    s, ds = np.full(n * pixels * channels, zero), np.full(n * pixels * channels, zero)
    chunks = len(queries) // (rounds * images)
    for image in range(start, stop):
        for number in range(rounds * chunks):
            chunk = (number // chunks * images + image) * chunks + number % chunks
            dq[:], ds[:] = zero, zero
            for a in range(k):
                _load(q, a, query, queries[chunk, a], one)
            for j in range(n):
                _load(s, j, key, keys[chunk, j], one)
            up = grad[chunk].ravel()
            add_products(dq, U(0), size, up, U(0), U(n), U(1), s, size, U(k), U(n), size)
            add_products(ds, U(0), size, up, U(0), U(1), U(n), q, size, U(n), U(k), size)
            for total, gradients, numbers in ((d_query, dq, queries), (d_key, ds, keys)):
                for a in range(numbers.shape[1]):
                    if numbers[chunk, a] < 0:
                        continue
                    for i in range(pixels):
                        for c in range(channels):
                            total[numbers[chunk, a], i, c] += gradients[U((a * pixels + i) * channels + c)]
