"""Bilinear sampling and its gradients as compiled loops, one pass over the positions each.

Numbers of the precision at hand are made of ``one``: a literal would be of double precision. Features may be bfloat16.
"""

from typing import Any

import numpy as np

from restora.layers.compiled import compiled_loop, inlined
from restora.layers.vectors import widened


@inlined
def _corners(position: Any, extent: int, one: Any) -> Any:
    """Pixels before and behind a position of which -1 < position < extent, their weights, and whether they exist."""
    low = np.floor(position)
    index = np.int64(low)
    behind = position - low
    before_exists = one if index >= 0 else one - one
    behind_exists = one if index < extent - 1 else one - one
    return (
        max(index, 0),
        min(index + 1, extent - 1),
        (one - behind) * before_exists,
        behind * behind_exists,
        before_exists,
        behind_exists,
    )


@compiled_loop
def sample(
    start: int,
    stop: int,
    one: Any,
    features: Any,
    rows: Any,
    columns: Any,
    factors: Any,
    out: Any,
) -> None:
    """Read points start ... stop - 1 of all images: (B, H, W, G, C) at three times (B, P, G) into (B, P, G, C)."""
    _, height, width, groups, channels = features.shape
    points = rows.shape[1]
    for point in range(start, stop):
        b, p = point // points, point % points
        for g in range(groups):
            row, column = rows[b, p, g], columns[b, p, g]
            if not (row > -one and row < height and column > -one and column < width):
                nothing = (one - one) * row + (one - one) * column  # not a number if a position is none
                for c in range(channels):
                    out[b, p, g, c] = nothing
                continue
            top, bottom, top_weight, bottom_weight, _, _ = _corners(row, height, one)
            left, right, left_weight, right_weight, _, _ = _corners(column, width, one)
            factor = factors[b, p, g]
            w00, w01 = factor * top_weight * left_weight, factor * top_weight * right_weight
            w10, w11 = factor * bottom_weight * left_weight, factor * bottom_weight * right_weight
            for c in range(channels):
                out[b, p, g, c] = (
                    w00 * widened(features[b, top, left, g, c])
                    + w01 * widened(features[b, top, right, g, c])
                    + w10 * widened(features[b, bottom, left, g, c])
                    + w11 * widened(features[b, bottom, right, g, c])
                )


@compiled_loop
def sample_gradients(
    start: int,
    stop: int,
    one: Any,
    grad: Any,
    features: Any,
    rows: Any,
    columns: Any,
    factors: Any,
    d_features: Any,
    d_rows: Any,
    d_columns: Any,
    d_factors: Any,
) -> None:
    """Take images start ... stop - 1, one point after another; all gradients are zero at first."""
    _, height, width, groups, channels = features.shape
    points = rows.shape[1]
    for b in range(start, stop):
        for p in range(points):
            for g in range(groups):
                row, column = rows[b, p, g], columns[b, p, g]
                if not (row > -one and row < height and column > -one and column < width):
                    continue
                top, bottom, top_weight, bottom_weight, top_in, bottom_in = _corners(row, height, one)
                left, right, left_weight, right_weight, left_in, right_in = _corners(column, width, one)
                s00 = s01 = s10 = s11 = one - one  # the gradient times the values of each corner
                for c in range(channels):
                    up = grad[b, p, g, c]
                    s00 += up * widened(features[b, top, left, g, c])
                    s01 += up * widened(features[b, top, right, g, c])
                    s10 += up * widened(features[b, bottom, left, g, c])
                    s11 += up * widened(features[b, bottom, right, g, c])
                factor = factors[b, p, g]
                at_top = left_weight * s00 + right_weight * s01
                at_bottom = left_weight * s10 + right_weight * s11
                d_factors[b, p, g] = top_weight * at_top + bottom_weight * at_bottom
                d_rows[b, p, g] = factor * (bottom_in * at_bottom - top_in * at_top)
                d_columns[b, p, g] = factor * (
                    top_weight * (right_in * s01 - left_in * s00)
                    + bottom_weight * (right_in * s11 - left_in * s10)
                )
                top_weight, bottom_weight = factor * top_weight, factor * bottom_weight
                # Corners of weight zero may be one pixel, so each has its own loop.
                for c in range(channels):
                    d_features[b, top, left, g, c] += top_weight * left_weight * grad[b, p, g, c]
                for c in range(channels):
                    d_features[b, top, right, g, c] += top_weight * right_weight * grad[b, p, g, c]
                for c in range(channels):
                    d_features[b, bottom, left, g, c] += bottom_weight * left_weight * grad[b, p, g, c]
                for c in range(channels):
                    d_features[b, bottom, right, g, c] += bottom_weight * right_weight * grad[b, p, g, c]
