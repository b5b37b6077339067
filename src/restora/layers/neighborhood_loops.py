"""Neighborhood attention and its gradients as compiled loops, a row of queries of a head after another.

Of the queries of a row, those that see the key o steps to their right are a range without gaps, and so are these keys.
So the products of a row are K x (2K - 1) loops over neighbouring pixels of maps that lie channel by channel, whatever
the dilation, and the bias is one number for all pixels of a loop. A row of them is a slot.

Processors take BLOCK pixels at a time, and what is left one by one, which is slow: ranges are extended to whole blocks.
There the attention is zero, and every buffer has a block of slack behind it.
"""

from typing import Any

import numpy as np

from restora.layers.compiled import called, compiled_loop
from restora.layers.vectors import U, exponential

BLOCK = 64
"""Pixels of a block: four registers of 16 numbers."""

SHORT = 12
"""A range as short as this is not extended."""


@called
def _range(o: int, kernel_size: int, dilation: int, queries: int, keys: int) -> Any:
    """First and last (excluded) query of a row that sees the key o steps to the right of it."""
    first, last = max(0, -dilation * o), min(queries, keys - dilation * o)
    if o > kernel_size // 2:  # only where the window is shifted, at the left end
        last = min(last, dilation * (kernel_size - o))
    if o < -(kernel_size // 2):
        first = max(first, keys - dilation * (kernel_size + o))
    return first, max(first, last)


@called
def _extended(n: int) -> int:
    return n if n <= SHORT else (n + BLOCK - 1) // BLOCK * BLOCK


@called
def _slots(kernel_size: int, dilation: int, queries: int, keys: int, stride: int, like: Any) -> Any:
    """For each offset: first query, number, the same extended, displacement of the key; and 0 or -inf, 1 or 0 of each pixel."""
    spans = np.empty((2 * kernel_size - 1, 3), np.int64)
    lowest = np.full((2 * kernel_size - 1) * stride, -np.inf, like.dtype)
    valid = np.zeros((2 * kernel_size - 1) * stride, like.dtype)
    for slot in range(2 * kernel_size - 1):
        o = slot - kernel_size + 1
        first, last = _range(o, kernel_size, dilation, queries, keys)
        spans[slot, 0], spans[slot, 1], spans[slot, 2] = first, _extended(last - first), first + dilation * o
        lowest[slot * stride + first : slot * stride + last] = 0
        valid[slot * stride + first : slot * stride + last] = 1
    return spans, lowest, valid


@called
def _add_products(
    s: Any, s_at: Any, a: Any, a_at: Any, a_step: Any, b: Any, b_at: Any, b_step: Any, channels: Any, n: Any
) -> None:
    """Add to s the sum over the channels of a times b, n neighbouring values each; four channels at a time."""
    c = U(0)
    while c + U(4) <= channels:
        a0 = a_at + c * a_step
        a1, a2, a3 = a0 + a_step, a0 + a_step + a_step, a0 + a_step + a_step + a_step
        b0 = b_at + c * b_step
        b1, b2, b3 = b0 + b_step, b0 + b_step + b_step, b0 + b_step + b_step + b_step
        for x in range(n):
            s[s_at + x] += (
                a[a0 + x] * b[b0 + x] + a[a1 + x] * b[b1 + x] + a[a2 + x] * b[b2 + x] + a[a3 + x] * b[b3 + x]
            )
        c += U(4)
    while c + U(3) <= channels:  # rows of a window of seven are four and three
        a0 = a_at + c * a_step
        a1, a2 = a0 + a_step, a0 + a_step + a_step
        b0 = b_at + c * b_step
        b1, b2 = b0 + b_step, b0 + b_step + b_step
        for x in range(n):
            s[s_at + x] += a[a0 + x] * b[b0 + x] + a[a1 + x] * b[b1 + x] + a[a2 + x] * b[b2 + x]
        c += U(3)
    while c < channels:
        a0, b0 = a_at + c * a_step, b_at + c * b_step
        for x in range(n):
            s[s_at + x] += a[a0 + x] * b[b0 + x]
        c += U(1)


@called
def _add_scaled(
    out: Any,
    out_at: Any,
    out_step: Any,
    s: Any,
    s_at: Any,
    a: Any,
    a_at: Any,
    a_step: Any,
    channels: Any,
    n: Any,
) -> None:
    """Add s times a to out, for every channel."""
    for c in range(channels):
        o, i = out_at + c * out_step, a_at + c * a_step
        for x in range(n):
            out[o + x] += s[s_at + x] * a[i + x]


@called
def _window(y: int, kernel_size: int, dilation: int, keys: int) -> Any:
    """First key row of a query row's window, and that row's offset in steps."""
    residue, rank = y % dilation, y // dilation
    length = (keys - residue + dilation - 1) // dilation
    start = min(max(rank - kernel_size // 2, 0), length - kernel_size)
    return residue + dilation * start, start - rank


@called
def _load(row: Any, image: Any, factor: Any, width: int, stride: int) -> None:
    """Lay a row of pixels (W, c), multiplied, channel by channel (c, stride)."""
    for x in range(width):
        for c in range(image.shape[1]):
            row[c * stride + x] = factor * image[x, c]


@called
def _attention(
    s: Any,
    most: Any,
    total: Any,
    spans: Any,
    lowest: Any,
    valid: Any,
    q: Any,
    k: Any,
    k_at: int,
    k_step: Any,
    row_step: int,
    bias: Any,
    channels: Any,
    width: int,
    zero: Any,
) -> None:
    """Compute the attention (K, 2K - 1, stride) of a row of queries: of the bias rows are given that fit its window."""
    rows, offsets = bias.shape
    stride = len(most)
    for x in range(stride):
        most[x], total[x] = -np.inf if x < width else zero, zero
    for slot in range(rows * offsets):
        r, o = slot // offsets, slot % offsets
        first, n = U(spans[o, 0]), U(spans[o, 1])
        at, mask = U(slot * stride) + first, U(o * stride) + first
        value = bias[r, o]
        for x in range(n):
            s[at + x] = lowest[mask + x] + value
        key = U(k_at + r * row_step + spans[o, 2])
        _add_products(s, at, q, first, U(stride), k, key, k_step, channels, n)
        for x in range(n):
            most[first + x] = max(most[first + x], s[at + x])
    for slot in range(rows * offsets):
        o = slot % offsets
        first, n = U(spans[o, 0]), U(spans[o, 1])
        at, mask = U(slot * stride) + first, U(o * stride) + first
        for x in range(n):
            s[at + x] = exponential(s[at + x] - most[first + x]) * valid[mask + x]
        for x in range(n):
            total[first + x] += s[at + x]
    for x in range(width):
        total[x] = 1 / total[x]
    for slot in range(rows * offsets):
        first, n = U(spans[slot % offsets, 0]), U(spans[slot % offsets, 1])
        at = U(slot * stride) + first
        for x in range(n):
            s[at + x] *= total[first + x]


@compiled_loop
def attend(
    start: int,
    stop: int,
    scale: Any,
    q: Any,
    k: Any,
    v: Any,
    key_width: int,
    bias: Any,
    kernel_size: int,
    dilation: int,
    out: Any,
) -> None:
    """Compute rows start ... stop - 1 of all images and heads.

    Queries and result are (B, H, W, heads, c); keys and values are maps (B * heads, c, H' * W') with slack behind the
    last, flattened; the bias is (heads, 2K - 1, 2K - 1).
    """
    _, height, width, heads, c = q.shape
    stride, zero = width + BLOCK, scale - scale
    spans, lowest, valid = _slots(kernel_size, dilation, width, key_width, stride, q)
    offsets = 2 * kernel_size - 1
    s = np.zeros(kernel_size * offsets * stride + BLOCK, q.dtype)
    most, total = np.empty(stride, q.dtype), np.empty(stride, q.dtype)
    queries, answers = np.zeros(c * stride + BLOCK, q.dtype), np.zeros(c * stride + BLOCK, q.dtype)
    area = k.shape[1] // c
    key_height = (area - BLOCK) // key_width
    for task in range(start, stop):
        image_head, y = task // height, task % height
        image, head = image_head // heads, image_head % heads
        top, y_offset = _window(y, kernel_size, dilation, key_height)
        _load(queries, q[image, y, :, head], scale, width, stride)
        table = bias[head, y_offset + kernel_size - 1 : y_offset + 2 * kernel_size - 1]
        step, row_step = U(area), dilation * key_width
        _attention(
            s, most, total, spans, lowest, valid, queries, k[image_head], top * key_width, step, row_step, table,
            U(c), width, zero,
        )  # fmt: skip
        answers[:] = zero
        for o in range(offsets):
            first, n, key = U(spans[o, 0]), U(spans[o, 1]), U(top * key_width + spans[o, 2])
            at = U(o * stride) + first
            for channel in range(U(c)):
                to = channel * U(stride) + first
                _add_products(
                    answers, to, s, at, U(offsets * stride), v[image_head], key + channel * step, U(row_step),
                    U(kernel_size), n,
                )  # fmt: skip
        for x in range(width):
            for channel in range(c):
                out[image, y, x, head, channel] = answers[channel * stride + x]


@compiled_loop
def attend_gradients(
    start: int,
    stop: int,
    scale: Any,
    grad: Any,
    q: Any,
    k: Any,
    v: Any,
    key_width: int,
    bias: Any,
    kernel_size: int,
    dilation: int,
    dq: Any,
    dk: Any,
    dv: Any,
    dbias: Any,
) -> None:
    """Take heads start ... stop - 1 of all images; dk, dv and dbias (B * heads, 2K - 1, 2K - 1) are zero at first.

    Gradients are laid out as what they are of, see `attend`.
    """
    _, height, width, heads, c = q.shape
    stride, zero = width + BLOCK, scale - scale
    spans, lowest, valid = _slots(kernel_size, dilation, width, key_width, stride, q)
    offsets = 2 * kernel_size - 1
    s, ds = (
        np.zeros(kernel_size * offsets * stride + BLOCK, q.dtype),
        np.zeros(kernel_size * offsets * stride + BLOCK, q.dtype),
    )
    most, total = np.empty(stride, q.dtype), np.empty(stride, q.dtype)
    queries, ups, downs = (
        np.zeros(c * stride + BLOCK, q.dtype),
        np.zeros(c * stride + BLOCK, q.dtype),
        np.zeros(c * stride + BLOCK, q.dtype),
    )
    area = k.shape[1] // c
    key_height = (area - BLOCK) // key_width
    for image_head in range(start, stop):
        image, head = image_head // heads, image_head % heads
        keys, values, d_keys, d_values = k[image_head], v[image_head], dk[image_head], dv[image_head]
        step, row_step = U(area), dilation * key_width
        for y in range(height):
            top, y_offset = _window(y, kernel_size, dilation, key_height)
            _load(queries, q[image, y, :, head], scale, width, stride)
            _load(ups, grad[image, y, :, head], scale / scale, width, stride)
            table = bias[head, y_offset + kernel_size - 1 : y_offset + 2 * kernel_size - 1]
            _attention(
                s, most, total, spans, lowest, valid, queries, keys, top * key_width, step, row_step, table,
                U(c), width, zero,
            )  # fmt: skip
            total[:] = zero  # the attention times its gradient, summed over the keys
            for slot in range(kernel_size * offsets):
                r, o = slot // offsets, slot % offsets
                first, n = U(spans[o, 0]), U(spans[o, 1])
                at, key = U(slot * stride) + first, U(top * key_width + r * row_step + spans[o, 2])
                for x in range(n):
                    ds[at + x] = zero
                _add_products(ds, at, ups, first, U(stride), values, key, step, U(c), n)
                for x in range(n):
                    total[first + x] += s[at + x] * ds[at + x]
            for slot in range(kernel_size * offsets):
                r, o = slot // offsets, slot % offsets
                first, n = U(spans[o, 0]), U(spans[o, 1])
                at, key = U(slot * stride) + first, U(top * key_width + r * row_step + spans[o, 2])
                together = zero
                for x in range(n):
                    ds[at + x] = s[at + x] * (ds[at + x] - total[first + x])
                for x in range(n):
                    together += ds[at + x]
                dbias[image_head, y_offset + r + kernel_size - 1, o] += together
                _add_scaled(d_keys, key, step, ds, at, queries, first, U(stride), U(c), n)
                _add_scaled(d_values, key, step, s, at, ups, first, U(stride), U(c), n)
            downs[:] = zero
            for o in range(offsets):
                first, n, key = U(spans[o, 0]), U(spans[o, 1]), U(top * key_width + spans[o, 2])
                at = U(o * stride) + first
                for channel in range(U(c)):
                    to = channel * U(stride) + first
                    _add_products(
                        downs, to, ds, at, U(offsets * stride), keys, key + channel * step, U(row_step),
                        U(kernel_size), n,
                    )  # fmt: skip
            for x in range(width):
                for channel in range(c):
                    dq[image, y, x, head, channel] = scale * downs[channel * stride + x]
