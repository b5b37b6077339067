"""Tiling: where tiles lie and how they blend, pure geometry, one axis at a time."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.networks.contract import Requirements

SMALLEST_OVERLAP = 32
FADE = 16
"""Pixels over which tiles fade into one another beyond the reach of the network."""
CONTENT_OVERLAP = 160
"""Pixels that tiles share where they leave different noise behind: a change over a few dozen pixels shows as a line."""
SMALLEST_SQUARE = 64
"""Pixels; a long strip is padded to this breadth where a network wants squares, for hundreds of tiny ones would see nothing."""


def tile_named(word: str) -> int | Literal["auto"] | None:
    """Read what people write for the side of tiles: ``auto``, ``none`` or a number of pixels.

    Raises:
        RestoraError: It is none of them.

    Example:
        >>> tile_named("512"), tile_named("none")
        (512, None)
    """
    if word in ("auto", "none"):
        return "auto" if word == "auto" else None
    try:
        return int(word)
    except ValueError:
        raise RestoraError(f"{word!r} is no number of pixels; a tile is auto, none or a number") from None


@dataclass(frozen=True)
class AxisPlan:
    """Tiles of one size along one axis, evenly spread over a padded extent, and their blending weights.

    Attributes:
        extent: Pixels of the image along the axis.
        padded: ``extent`` rounded up to what the network takes; the rows or columns beyond it are padding.
        tile: Pixels of a tile.
        starts: First pixel of every tile, increasing, each a multiple of the network's multiple, so that a
            network that halves its input samples the same pixels in every tile.
        overlap: Pixels that neighbours share at least, the stretch over which one fades into the next.
        margin: Outermost pixels of a tile that count for nothing where another tile has them too: there the
            network saw padding instead of the picture. At most half of the overlap.
    """

    extent: int
    padded: int
    tile: int
    starts: tuple[int, ...]
    overlap: int = 0
    margin: int = 0

    @cached_property
    def weights(self) -> tuple[NDArray[np.float32], ...]:
        """Weight of each tile's pixels (tile,): raised cosines that sum to one at every pixel of the axis."""
        from_start = np.arange(self.tile) + 0.5
        rise = 0.5 - 0.5 * np.cos(
            np.pi * np.clip((from_start - self.margin) / max(1, self.overlap - 2 * self.margin), 0, 1)
        )
        windows = []
        for start in self.starts:
            window = np.ones(self.tile)
            if start > 0:
                window *= rise
            if start + self.tile < self.padded:
                window *= rise[::-1]
            windows.append(window)
        total = np.zeros(self.padded)
        for start, window in zip(self.starts, windows, strict=True):
            total[start : start + self.tile] += window
        return tuple(
            (window / total[start : start + self.tile]).astype(np.float32)
            for start, window in zip(self.starts, windows, strict=True)
        )


def plan_axis(
    extent: int, tile: int | None, overlap: int, *, margin: int = 0, multiple: int = 1, min_size: int = 1
) -> AxisPlan:
    """Spread tiles of equal size over an axis.

    Args:
        extent: Pixels of the image along the axis, at least 1.
        tile: Pixels of a tile, or ``None`` for one tile over everything.
        overlap: Pixels that neighbouring tiles share at least; less than the tile.
        margin: Outermost pixels of a tile that are not used where another tile has them; at most overlap / 2.
        multiple: The tile and its starts are multiples of this.
        min_size: The smallest size that the network takes.

    Raises:
        RestoraError: The tile is no multiple, too small, or not larger than the overlap.

    Example:
        >>> plan_axis(100, 48, 16, multiple=4).starts
        (0, 24, 52)
        >>> plan_axis(30, 48, 16, multiple=4)
        AxisPlan(extent=30, padded=32, tile=32, starts=(0,), overlap=0, margin=0)
    """
    smallest = round_up(min_size, multiple)
    padded = max(round_up(extent, multiple), smallest)
    if tile is None or tile >= padded:
        return AxisPlan(extent, padded, padded, (0,))
    check_tile(tile, overlap, multiple=multiple, min_size=min_size)
    stride = (tile - overlap) // multiple * multiple
    count = -(-(padded - tile) // stride) + 1
    last = padded - tile
    starts = tuple(i * last // (count - 1) // multiple * multiple for i in range(count))
    return AxisPlan(extent, padded, tile, starts, overlap, min(margin, overlap // 2))


def check_tile(tile: int, overlap: int, *, multiple: int = 1, min_size: int = 1) -> None:
    """Refuse tiles that cannot be.

    Raises:
        RestoraError: The tile is no multiple, too small, or not larger than the overlap.
    """
    smallest = round_up(min_size, multiple)
    if tile % multiple:
        below, above = (
            max(smallest, side) for side in (tile // multiple * multiple, round_up(tile, multiple))
        )
        remedy = f"{below} or {above}" if below < above else f"{above}"
        raise RestoraError(f"tile must be a multiple of {multiple}, got {tile}; try {remedy}")
    if tile < smallest:
        raise RestoraError(f"tile must be at least {smallest} for this network, got {tile}")
    if overlap > tile - multiple:
        raise RestoraError(f"overlap must be at most {tile - multiple} for a tile of {tile}, got {overlap}")


def square_tile(tile: int | None, height: int, width: int, requirements: Requirements) -> int:
    """Return the side of the square tiles of an image: at most the wanted one, and at most the image's shorter side.

    An image narrower than `SMALLEST_SQUARE` is padded to it, unless it is smaller than that both ways.

    Args:
        tile: Side in pixels of the tiles that are wanted, or ``None`` for as large as can be.
        height: Of the image in pixels.
        width: Likewise.
        requirements: What the network says of itself.

    Example:
        >>> needs = Requirements(multiple=4, square=True)
        >>> square_tile(None, 510, 768, needs), square_tile(256, 510, 768, needs), square_tile(None, 20, 768, needs)
        (512, 256, 64)
    """
    shorter, longer = sorted((height, width))
    side = requirements.fitting_side(max(shorter, min(longer, SMALLEST_SQUARE)))
    return side if tile is None else min(tile, side)


def auto_overlap(tile: int, requirements: Requirements) -> int:
    """Choose how many pixels neighbouring tiles share.

    Twice the network's reach where it is known, so that no pixel is kept that misses a part of what the
    network wants to see. Where it is not known, and for networks with global context, whose tiles differ
    however much they share, an eighth of the tile: the difference is spread over a fade too wide to be seen.
    Networks that match content differ in how much noise they leave: `CONTENT_OVERLAP`, up to a third of the tile.
    At least 32, and never more than half of the tile.

    Args:
        tile: Side of a tile in pixels.
        requirements: What the network says of itself.

    Example:
        >>> auto_overlap(512, Requirements(receptive_field=20))
        56
        >>> auto_overlap(512, Requirements(global_context=True))
        64
        >>> auto_overlap(832, Requirements(global_context=True, matches_content=True))
        160
    """
    reach = requirements.receptive_field
    wanted = 0 if reach is None else 2 * reach + FADE
    if reach is None or requirements.global_context:
        wanted = max(wanted, tile // 8)
    if requirements.matches_content:
        wanted = max(wanted, min(CONTENT_OVERLAP, tile // 3))
    return possible_overlap(max(wanted, SMALLEST_OVERLAP), tile, requirements)


def possible_overlap(wanted: int, tile: int, requirements: Requirements) -> int:
    """Return the wanted overlap, or as much of it as lets half of the tile, and a step, be new."""
    return max(0, min(wanted, tile // 2, tile - requirements.multiple))


def unreliable_margin(overlap: int, requirements: Requirements) -> int:
    """Return how many outermost pixels of a tile are left to its neighbour.

    As many as the network's reach, where that is known: then tiles and the whole image agree. Otherwise a
    quarter of the overlap, which leaves the middle half to fade; an eighth for networks that match content,
    whose fade should be wide.
    """
    reach = requirements.receptive_field
    if reach is not None and not requirements.global_context:
        return min(reach, overlap // 2)
    return overlap // (8 if requirements.matches_content else 4)


def round_up(value: int, multiple: int) -> int:
    """Return the smallest multiple that is not less than the value."""
    return -(-value // multiple) * multiple


def padded_indices(start: int, stop: int, extent: int, padded: int) -> NDArray[np.intp]:
    """Return which pixels of an axis stand at ``start`` to ``stop`` of the padded axis.

    The padding behind the end is a reflection that does not repeat the edge, or the edge repeated where the
    image is too small to be reflected.

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
