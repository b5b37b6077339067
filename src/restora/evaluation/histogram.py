"""Histogram as SVG that stands inside a page and takes its colours from it."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from restora.metrics import printed, with_unit

WIDTH, HEIGHT = 480, 200
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 26, 30
LABELS = 6
"""Steps between labels below the bars, at most."""


def histogram(values: Sequence[float], metric: str) -> str:
    """Draw how often values occur, with the mean marked.

    Args:
        values: At least one; those that are not finite are left out and counted in the description.
        metric: Which scores they are.

    Returns:
        An ``<svg>`` element; its classes are ``bars``, ``mean`` and ``value``.

    Example:
        >>> histogram([1.0, 2.0, 2.2], "psnr").count("<rect")
        3
    """
    finite = [value for value in values if math.isfinite(value)]
    left_out = len(values) - len(finite)
    if not finite:
        return f'<svg viewBox="0 0 {WIDTH} 40" role="img"><text x="0" y="24">no finite values</text></svg>'
    edges = _edges(finite)
    counts, _ = np.histogram(finite, edges)
    tallest = int(counts.max())
    low, high = float(edges[0]), float(edges[-1])
    mean = float(np.mean(finite))
    across = (WIDTH - LEFT - RIGHT) / (high - low)
    floor = HEIGHT - BOTTOM

    def x(value: float) -> float:
        return LEFT + (value - low) * across

    least, most, middle = (printed(metric, value) for value in (min(finite), max(finite), mean))
    description = f"{with_unit(metric)}: {len(finite)} images from {least} to {most}, mean {middle}"
    if left_out:
        description += f"; {left_out} without a finite value left out"
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(description)}">']
    for level in _levels(tallest):
        y = floor - level / tallest * (floor - TOP)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{level}</text>')
    parts.append('<g class="bars">')
    for count, start, end in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        tall = count / tallest * (floor - TOP)
        words = f"{printed(metric, start)} to {printed(metric, end)}: {count}"
        parts.append(
            f'<rect x="{x(start) + 0.75:.1f}" y="{floor - tall:.1f}" width="{max(1.0, x(end) - x(start) - 1.5):.1f}" '
            f'height="{tall:.1f}"><title>{words}</title></rect>'
        )
    parts.append("</g>")
    last = len(edges) - 1
    every = -(-last // LABELS)
    decimals = max(0, -math.floor(math.log10((high - low) / last * every) + 1e-9))
    for position in range(0, last + 1, every):
        value = float(edges[position])
        anchor = {0: "start", last: "end"}.get(position, "middle")
        parts.append(
            f'<text x="{x(value):.1f}" y="{floor + 18}" text-anchor="{anchor}">{value:.{decimals}f}</text>'
        )
    side = "end" if x(mean) > WIDTH * 0.75 else "start"
    shift = -6 if side == "end" else 6
    parts.append(f'<line class="mean" x1="{x(mean):.1f}" x2="{x(mean):.1f}" y1="8" y2="{floor}"/>')
    parts.append(
        f'<text class="value" x="{x(mean) + shift:.1f}" y="17" text-anchor="{side}">mean {middle}</text></svg>'
    )
    return "".join(parts)


def _edges(values: Sequence[float]) -> "np.typing.NDArray[np.float64]":
    """Edges of bins of a round width (1, 2 or 5 times a power of ten), about two a square root of the count."""
    low, high = min(values), max(values)
    wanted = min(30, max(4, round(2 * math.sqrt(len(values)))))
    raw = (high - low) / wanted
    if raw < 1e-9 * max(1.0, abs(high)):
        raw = max(1e-3, abs(high) * 1e-3)  # all the same: one bar in the middle
        low, high = low - 2 * raw, high + 2 * raw
    power = 10.0 ** math.floor(math.log10(raw))
    width = next(power * step for step in (1, 2, 5, 10) if power * step >= raw * 0.999)
    first, last = math.floor(low / width), math.floor(high / width) + 1
    return np.arange(first, last + 1, dtype=np.float64) * width


def _levels(tallest: int) -> tuple[int, ...]:
    """Return the counts whose lines are drawn: 0, the tallest and, if it is even, the half."""
    return (0, tallest // 2, tallest) if tallest % 2 == 0 and tallest > 1 else (0, tallest)
