"""Where tiles lie and how they blend: pure geometry, one axis at a time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError


@dataclass(frozen=True)
class AxisPlan:
    """Tiles of one size along one axis, evenly spread over a padded extent, and their blending weights.

    Attributes:
        extent: Pixels of the image along the axis.
        padded: ``extent`` rounded up to what the network takes; the rows or columns beyond it are padding.
        tile: Pixels of a tile.
        starts: First pixel of every tile, increasing, each a multiple of the network's multiple, so that a network
            that halves its input samples the same pixels in every tile.
        overlap: Pixels over which a tile fades in and out.
    """

    extent: int
    padded: int
    tile: int
    starts: tuple[int, ...]
    overlap: int

    @cached_property
    def weights(self) -> tuple[NDArray[np.float32], ...]:
        """Weight of each tile's pixels (tile,): raised cosines that sum to one at every pixel of the axis."""
        edge_distance = np.minimum(np.arange(self.tile), np.arange(self.tile)[::-1]) + 0.5
        ramp = np.clip(edge_distance / max(1, self.overlap), 0, 1)
        window = 0.5 - 0.5 * np.cos(np.pi * ramp)
        total = np.zeros(self.padded)
        for start in self.starts:
            total[start : start + self.tile] += window
        return tuple((window / total[s : s + self.tile]).astype(np.float32) for s in self.starts)


def plan_axis(
    extent: int, tile: int | None, overlap: int, *, multiple: int = 1, min_size: int = 1
) -> AxisPlan:
    """Spread tiles of equal size over an axis.

    Args:
        extent: Pixels of the image along the axis, at least 1.
        tile: Pixels of a tile, or ``None`` for one tile over everything.
        overlap: Pixels that neighbouring tiles share at least; less than the tile.
        multiple: The tile and its starts are multiples of this.
        min_size: The smallest size that the network takes.

    Raises:
        RestoraError: The tile is no multiple, too small, or not larger than the overlap.

    Example:
        >>> plan_axis(100, 48, 16, multiple=4).starts
        (0, 24, 52)
        >>> plan_axis(30, 48, 16, multiple=4)
        AxisPlan(extent=30, padded=32, tile=32, starts=(0,), overlap=16)
    """
    smallest = round_up(max(min_size, 1), multiple)
    padded = max(round_up(extent, multiple), smallest)
    if tile is None or tile >= padded:
        return AxisPlan(extent, padded, padded, (0,), overlap)
    if tile % multiple:
        below, above = max(smallest, tile // multiple * multiple), round_up(tile, multiple)
        raise RestoraError(f"tile must be a multiple of {multiple}, got {tile}; try {below} or {above}")
    if tile < smallest:
        raise RestoraError(f"tile must be at least {smallest} for this network, got {tile}")
    if overlap > tile - multiple:
        raise RestoraError(f"overlap must be at most {tile - multiple} for a tile of {tile}, got {overlap}")
    stride = (tile - overlap) // multiple * multiple
    count = -(-(padded - tile) // stride) + 1
    last = padded - tile
    starts = tuple(i * last // (count - 1) // multiple * multiple for i in range(count))
    return AxisPlan(extent, padded, tile, starts, overlap)


def round_up(value: int, multiple: int) -> int:
    """Return the smallest multiple that is not less than the value."""
    return -(-value // multiple) * multiple


def padded_indices(start: int, stop: int, extent: int, padded: int) -> NDArray[np.intp]:
    """Return which pixels of an axis stand at ``start`` to ``stop`` of the padded axis.

    The padding behind the end is a reflection that does not repeat the edge, or the edge repeated where the image
    is too small to be reflected.

    Example:
        >>> padded_indices(2, 8, extent=6, padded=8).tolist()
        [2, 3, 4, 5, 4, 3]
        >>> padded_indices(0, 4, extent=1, padded=4).tolist()
        [0, 0, 0, 0]
    """
    positions = np.arange(start, stop)
    if padded - extent < extent:
        return np.where(positions < extent, positions, 2 * (extent - 1) - positions)
    return np.minimum(positions, extent - 1)
