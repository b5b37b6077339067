"""What compiled loops do with neighbouring numbers: short loops that a processor takes many steps of at once.

Numba looks for changes only in the files of the loops that it keeps: after one here, delete ``compiled`` in restora's
cache folder.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from restora.layers.compiled import called

U = np.uint64
"""Indices without a sign need no test for counting from the end, which would keep loops from being vectorised."""

LOG2_E, LN2_HIGH, LN2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
SERIES = tuple(
    map(np.float32, (1.98756915e-4, 1.39819995e-3, 8.33345191e-3, 4.16657959e-2, 0.166666655, 0.5))
)
E0, E1, E2, E3, E4, E5 = SERIES
HALF, UNIT, LOWEST = np.float32(0.5), np.float32(1), np.float32(-87)


def exponential(x: Any) -> Any:
    """exp(x) for x <= 0; below -87, where float32 ends, exp(-87)."""
    return np.exp(x)


@overload(exponential, inline="always")
def _exponential(x: Any) -> Any:
    """In float32 a polynomial between powers of two, which is vectorised, unlike the library's function (Cephes)."""

    def double(x: Any) -> Any:
        return np.exp(x)

    def single(x: Any) -> Any:
        x = LOWEST if x < LOWEST else x
        n = np.floor(x * LOG2_E + HALF)
        r = x - n * LN2_HIGH - n * LN2_LOW
        series = ((((E0 * r + E1) * r + E2) * r + E3) * r + E4) * r + E5
        power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)
        return (series * r * r + r + UNIT) * power

    return single if x == types.float32 else double


def widened(x: Any) -> Any:
    """Return a number as it is, or, of the bits of a bfloat16, the float32 of this value."""
    return x


@overload(widened, inline="always")
def _widened(x: Any) -> Any:
    def same(x: Any) -> Any:
        return x

    def from_bits(x: Any) -> Any:
        return np.uint32(np.uint32(x) << np.uint32(16)).view(np.float32)

    return from_bits if x == types.uint16 else same


@called
def add_products(
    out: Any,
    out_at: Any,
    out_row: Any,
    a: Any,
    a_at: Any,
    a_row: Any,
    a_column: Any,
    b: Any,
    b_row: Any,
    rows: Any,
    depth: Any,
    n: Any,
) -> None:
    """Add the product of matrices to out: a (rows, depth) times b (depth, n), four rows by four at a time.

    All are flat. The rows of out and b are neighbouring numbers; a may lie in any way.
    """
    m = U(0)
    while m < rows:
        few = rows - m < U(4)
        o0 = out_at + m * out_row
        o1, o2, o3 = o0 + out_row, o0 + U(2) * out_row, o0 + U(3) * out_row
        c = U(0)
        while c < depth:
            i0, b0 = a_at + m * a_row + c * a_column, c * b_row
            if few or depth - c < U(4):
                for r in range(min(rows - m, U(4))):
                    for d in range(min(depth - c, U(4))):
                        factor, o, i = a[i0 + r * a_row + d * a_column], o0 + r * out_row, b0 + d * b_row
                        for x in range(n):
                            out[o + x] += factor * b[i + x]
                c += U(4)
                continue
            i1, i2, i3 = i0 + a_row, i0 + U(2) * a_row, i0 + U(3) * a_row
            c1, c2, c3 = a_column, U(2) * a_column, U(3) * a_column
            a00, a01, a02, a03 = a[i0], a[i0 + c1], a[i0 + c2], a[i0 + c3]
            a10, a11, a12, a13 = a[i1], a[i1 + c1], a[i1 + c2], a[i1 + c3]
            a20, a21, a22, a23 = a[i2], a[i2 + c1], a[i2 + c2], a[i2 + c3]
            a30, a31, a32, a33 = a[i3], a[i3 + c1], a[i3 + c2], a[i3 + c3]
            b1, b2, b3 = b0 + b_row, b0 + U(2) * b_row, b0 + U(3) * b_row
            for x in range(n):
                out[o0 + x] += a00 * b[b0 + x] + a01 * b[b1 + x] + a02 * b[b2 + x] + a03 * b[b3 + x]
                out[o1 + x] += a10 * b[b0 + x] + a11 * b[b1 + x] + a12 * b[b2 + x] + a13 * b[b3 + x]
                out[o2 + x] += a20 * b[b0 + x] + a21 * b[b1 + x] + a22 * b[b2 + x] + a23 * b[b3 + x]
                out[o3 + x] += a30 * b[b0 + x] + a31 * b[b1 + x] + a32 * b[b2 + x] + a33 * b[b3 + x]
            c += U(4)
        m += U(4)
