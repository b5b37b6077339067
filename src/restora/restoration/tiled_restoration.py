"""Tiled restoration: pixels restored tile by tile, in memory that does not grow with the image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from restora.cancellation import check
from restora.errors import RestoraError
from restora.failures import out_of_memory
from restora.networks.contract import Requirements
from restora.pixels import HIGHLIGHTS, Pixels, full_scale, gray_to_rgb, to_float
from restora.restoration.engine import Engine
from restora.restoration.tiling import (
    AxisPlan,
    auto_overlap,
    padded_indices,
    plan_axis,
    possible_overlap,
    square_tile,
    unreliable_margin,
)
from restora.threads import Threads, computing_threads

SMALLEST_TILE = 64
"""Pixels; memory that does not suffice for such a tile will not suffice for a smaller one either."""

Progress = Callable[[float], None]
Change = NDArray[np.float32]


@dataclass(frozen=True)
class Range:
    """How stored values map to the network's [0, 1], and the limits of the result.

    Attributes:
        scale: Stored value of the network's 1.
        low: Smallest stored value of the result.
        high: Largest stored value of the result.
    """

    scale: float
    low: float
    high: float

    @property
    def has_highlights(self) -> bool:
        """Whether there is light above white."""
        return self.scale == 1 and self.high > HIGHLIGHTS

    @classmethod
    def of(cls, pixels: Pixels) -> "Range":
        """Return the range of an image: integers span their type; floats [0, 1] and what exceeds it.

        Floats outside of [0, 1] reach the network as they are: noise that nobody clipped leaves that range. Of light
        above white it sees white, as in any photograph: as it is it throws networks off (``benchmarks/results/highlights.md``).

        Raises:
            RestoraError: A type that holds no image, or values that are not finite.
        """
        kind, size = pixels.dtype.kind, pixels.dtype.itemsize  # whatever the byte order
        if kind == "u" and size <= 2:
            return cls(float(full_scale(pixels.dtype)), 0.0, float(full_scale(pixels.dtype)))
        if kind != "f" or size > 8:
            raise RestoraError(
                f"images of type {pixels.dtype} are not known; give uint8, uint16 or float in [0, 1]"
            )
        low, high = float(pixels.min()), float(pixels.max())
        if not np.isfinite(low) or not np.isfinite(high):
            raise RestoraError("the image holds values that are not finite; replace them first")
        if max(-low, high) > float(np.finfo(np.float32).max):
            raise RestoraError("the image holds values beyond float32; scale it to [0, 1] first")
        return cls(1.0, min(0.0, low), max(1.0, high))


def restore_pixels(
    engine: Engine,
    pixels: Pixels,
    *,
    tile: int | None,
    overlap: int | None,
    threads: Threads = None,
    progress: Progress | None = None,
    smaller: Callable[[int], None] = lambda side: None,
) -> Pixels:
    """Restore an image of any size.

    The network's *change* is blended, not its answer, and then added to the image: where the network changes
    nothing, the result is the image bit for bit, whatever the type, the tiles and the precision. Only the
    rows that the present row of tiles touches are held in float32; finished rows are stored in the image's
    own type at once.

    Args:
        engine: What runs a tile.
        pixels: (H, W) gray, (H, W, 3) RGB, or (H, W, 6) RGB of the left and of the right view of a dual-pixel
            sensor, for a network that takes both; uint8, uint16 or float in [0, 1].
        tile: Side of a tile in pixels, or ``None`` for the whole image at once, or for the largest squares where the network
            wants them. Halved when memory runs out; the run then goes on below the rows that are finished.
        overlap: Pixels that neighbouring tiles share at least, or ``None`` for `auto_overlap`.
        threads: That compute a tile; see `restora.threads`.
        progress: Called with the finished fraction after each tile, rising to 1.
        smaller: Called with the new side when a tile is halved; may refuse it by raising.

    Returns:
        An array like ``pixels``, of two views one (H, W, 3).

    Raises:
        Cancelled: That was asked for; see `restora.cancellation`.
        RestoraError: Impossible tile, unknown type, not the channels that the network takes, memory that runs
            out even with the smallest tile.
    """
    wanted = engine.requirements.in_channels
    if (pixels.shape[2] if pixels.ndim == 3 else 3) != wanted:
        views = (
            "one view, (H, W) or (H, W, 3)"
            if wanted == 3
            else "the two views of a dual-pixel sensor, (H, W, 6)"
        )
        raise RestoraError(f"the network takes {views}; got an image of shape {pixels.shape}")
    if pixels.size == 0:
        raise RestoraError(f"an image of shape {pixels.shape} has no pixels")
    if engine.requirements.square:
        height, width = pixels.shape[:2]
        tile = square_tile(tile, height, width, engine.requirements)
        overlap = None if overlap is None else possible_overlap(overlap, tile, engine.requirements)
    canvas = _Canvas(engine, pixels, threads, progress)
    while canvas.done < len(pixels):
        try:
            canvas.sweep(tile, _overlap(overlap, tile, engine.requirements))
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            tile = _halved(engine.requirements, pixels.shape, tile, error)
            smaller(tile)
            overlap = None if overlap is None else possible_overlap(overlap, tile, engine.requirements)
        # Outside of the handler, for the error holds on to the memory of the tile that failed.
        engine.release_memory()
    return canvas.restored


class _Canvas:
    """An image that is being restored from the top down.

    Attributes:
        restored: The result; its first `done` rows are finished.
        done: How many rows are finished.
    """

    def __init__(self, engine: Engine, pixels: Pixels, threads: Threads, progress: Progress | None) -> None:
        self.engine, self.pixels, self.threads, self.progress = engine, pixels, threads, progress
        self.values = Range.of(pixels)
        self.changed = pixels if pixels.ndim == 2 else pixels[..., :3]  # of two views the left one
        self.restored: Pixels = np.empty(self.changed.shape, pixels.dtype)
        self.done = 0
        self._fraction = 0.0
        # What finished tiles say about the rows below `done`, times their weights, and the weights' sum. With it a
        # run that is interrupted goes on with other tiles and fades from the old ones to the new.
        self._pending = np.zeros((0, *self.changed.shape[1:]), np.float32)  # (rows, W[, 3])
        self._weight = np.zeros(0, np.float32)  # (rows,)

    def sweep(self, tile: int | None, overlap: int) -> None:
        """Restore all rows from `done` on; when it raises, `done` says how far it came."""
        needs = self.engine.requirements
        height, width = self.pixels.shape[:2]
        # Begin above the first row that is wanted, for the network to see what lies there.
        first = max(0, self.done - overlap) // needs.multiple * needs.multiple
        rows, columns = (self._plan(extent, tile, overlap) for extent in (height - first, width))

        above = self.done - first
        pending = np.concatenate([np.zeros((above, *self._pending.shape[1:]), np.float32), self._pending])
        weight = np.concatenate([np.ones(above, np.float32), self._weight])
        share = np.ones(max(rows.padded, len(weight)), np.float32)  # what is left to this sweep's tiles
        share[: len(weight)] -= weight
        for i, top in enumerate(rows.starts):
            row_weight = rows.weights[i] * share[top : top + rows.tile]
            band = np.zeros((max(rows.tile, len(pending)), *self._pending.shape[1:]), np.float32)
            band[: len(pending)] = pending
            for j, left in enumerate(columns.starts):
                inside = min(columns.tile, width - left)
                window = torch.from_numpy(row_weight[:, None] * columns.weights[j])[:, :inside]
                change = self._change(self.pixels[first:], rows, columns, top, left)[:, :inside]
                place = torch.from_numpy(band)[: rows.tile, left : left + inside]
                place.addcmul_(change, window if change.ndim == 2 else window[..., None])
                self._report(first, (i + (j + 1) / len(columns.starts)) / len(rows.starts))
            # No later tile reaches the rows above the next one's first: they are finished.
            step = (rows.starts[i + 1] if i + 1 < len(rows.starts) else rows.extent) - top
            weight = np.pad(weight, (0, len(band) - len(weight)))
            weight[: rows.tile] += row_weight
            pending, weight = band[step:].copy(), weight[step:]
            end = first + top + step
            if end > self.done:
                self._finish(end, band[step - (end - self.done) : step])
                self._pending, self._weight = pending, weight

    def _plan(self, extent: int, tile: int | None, overlap: int) -> AxisPlan:
        needs = self.engine.requirements
        margin = unreliable_margin(overlap, needs)
        smallest = tile if needs.square and tile else needs.min_size
        return plan_axis(extent, tile, overlap, margin=margin, multiple=needs.multiple, min_size=smallest)

    def _change(self, pixels: Pixels, rows: AxisPlan, columns: AxisPlan, top: int, left: int) -> Tensor:
        """Run the network on one tile: (tile, tile[, 3]), what it changes, in the network's units."""
        check()
        row_indices = padded_indices(top, top + rows.tile, rows.extent, rows.padded)
        column_indices = padded_indices(left, left + columns.tile, columns.extent, columns.padded)
        # Rows, then columns, is five times as fast as both at once.
        seen = pixels.take(row_indices, axis=0).take(column_indices, axis=1)
        seen = np.minimum(seen, 1) if self.values.has_highlights else seen
        # Without a copy by planes: in memory channels stay last, as the network takes them.
        x = torch.from_numpy(to_float(gray_to_rgb(seen))).permute(2, 0, 1)[None]
        with computing_threads(self.threads):
            change = self.engine.residual(x)[0].permute(1, 2, 0)  # (tile, tile, 3)
        return change if pixels.ndim == 3 else change.mean(2)

    def _finish(self, end: int, change: Change) -> None:
        """Store the rows from `done` to ``end``: the image and what is to change, in the image's own type."""
        pixels, values = self.changed[self.done : end], self.values
        wide = np.promote_types(pixels.dtype, np.float32)  # float64 keeps its digits
        total: NDArray[Any] = change.astype(wide)
        total *= values.scale
        total += pixels
        np.clip(total, values.low, values.high, out=total)
        self.restored[self.done : end] = np.rint(total, out=total) if pixels.dtype.kind == "u" else total
        self.done = end

    def _report(self, first: int, swept: float) -> None:
        """Tell the progress; never less than before, though an interrupted row of tiles is begun again."""
        if self.progress:
            height = len(self.pixels)
            self._fraction = max(self._fraction, (first + swept * (height - first)) / height)
            self.progress(self._fraction)


def _overlap(overlap: int | None, tile: int | None, requirements: Requirements) -> int:
    if tile is None:
        return 0  # one tile, which has no neighbour
    return auto_overlap(tile, requirements) if overlap is None else overlap


def _halved(
    requirements: Requirements, shape: tuple[int, ...], tile: int | None, error: BaseException
) -> int:
    """Return a tile of half the side."""
    multiple, longest = requirements.multiple, max(shape[:2])
    present = longest if tile is None else min(longest, tile)
    smaller = present // 2 // multiple * multiple
    if smaller < max(SMALLEST_TILE, requirements.min_size):
        raise RestoraError(
            f"memory ran out even with tiles of {present} pixels; close other programs or choose a smaller network"
        ) from error
    return smaller
