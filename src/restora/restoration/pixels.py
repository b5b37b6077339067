"""Pixels in, restored pixels out: tile by tile, in memory that does not grow with the image."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.networks.requirements import Requirements
from restora.restoration.engine import Engine
from restora.restoration.tiling import AxisPlan, padded_indices, plan_axis

SMALLEST_TILE = 64
Progress = Callable[[float], None]


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

    @classmethod
    def of(cls, pixels: NDArray[np.generic]) -> "Range":
        """Integers span their type; floats [0, 1] and whatever the image itself exceeds it by.

        Raises:
            RestoraError: A type that holds no image, or values that are not finite.
        """
        if pixels.dtype in (np.uint8, np.uint16):
            return cls(float(np.iinfo(pixels.dtype).max), 0.0, float(np.iinfo(pixels.dtype).max))
        if pixels.dtype.kind != "f":
            raise RestoraError(
                f"images of type {pixels.dtype} are not known; give uint8, uint16 or float in [0, 1]"
            )
        low, high = float(pixels.min()), float(pixels.max())
        if not np.isfinite(low) or not np.isfinite(high):
            raise RestoraError("the image holds values that are not finite; replace them first")
        return cls(1.0, min(0.0, low), max(1.0, high))


def restore_pixels(
    engine: Engine,
    pixels: NDArray[np.generic],
    *,
    tile: int | None,
    overlap: int,
    progress: Progress | None = None,
) -> NDArray[np.generic]:
    """Restore an image of any size.

    The network's *change* is blended, not its answer, and then added to the image: where the network changes
    nothing, the result is the image bit for bit, whatever the type, the tiles and the precision. Only the band of
    rows that the present row of tiles touches is held in float32.

    Args:
        engine: What runs a tile.
        pixels: (H, W) gray or (H, W, 3) RGB; uint8, uint16 or float in [0, 1].
        tile: Side of a tile in pixels, or ``None`` for the whole image at once. Halved when memory runs out.
        overlap: Pixels that neighbouring tiles share at least.
        progress: Called with the finished fraction, rising to 1.

    Returns:
        An array like ``pixels``.

    Raises:
        RestoraError: Impossible tile, unknown type, memory that runs out even with the smallest tile.
    """
    if pixels.size == 0:
        raise RestoraError(f"an image of shape {pixels.shape} has no pixels")
    restored = np.empty_like(pixels)
    values = Range.of(pixels)
    done = 0  # rows finished
    while done < len(pixels):
        try:
            for finished in _bands(engine, pixels, restored, values, done, tile, overlap, progress):
                done = finished
        except (MemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
                raise
            tile, overlap = _halved(engine, pixels.shape, tile, overlap, error)
    return restored


def _bands(
    engine: Engine,
    pixels: NDArray[np.generic],
    restored: NDArray[np.generic],
    values: Range,
    done: int,
    tile: int | None,
    overlap: int,
    progress: Progress | None,
) -> Iterator[int]:
    """Restore the rows from ``done`` on; yields how many rows are finished."""
    needs = engine.requirements
    plan = {
        "tile": tile,
        "overlap": overlap,
        "margin": unreliable_margin(needs, overlap),
        "multiple": needs.multiple,
        "min_size": needs.min_size,
    }
    height, width = pixels.shape[:2]
    # A run that was interrupted in the middle starts a little above, for the network to see what lies there.
    first = max(0, done - overlap) // needs.multiple * needs.multiple
    rows, columns = plan_axis(height - first, **plan), plan_axis(width, **plan)  # type: ignore[arg-type]
    band = np.zeros((rows.tile, width, *pixels.shape[2:]), dtype=np.float32)
    for i, top in enumerate(rows.starts):
        for j, left in enumerate(columns.starts):
            change = _change(engine, pixels[first:], values, rows, columns, top, left)
            weight = rows.weights[i][:, None] * columns.weights[j][None, :]
            inside = min(columns.tile, width - left)
            blended = change * (weight if pixels.ndim == 2 else weight[..., None])
            band[:, left : left + inside] += blended[:, :inside]
            if progress:
                fraction = (
                    first + (i + (j + 1) / len(columns.starts)) / len(rows.starts) * (height - first)
                ) / height
                progress(fraction)
        # No later tile reaches the rows above the next one's first: they are finished.
        next_top = rows.starts[i + 1] if i + 1 < len(rows.starts) else rows.extent
        begin, end = first + top, min(first + next_top, height)
        skip = max(0, done - begin)
        if end > begin + skip:
            restored[begin + skip : end] = _add(pixels[begin + skip : end], band[skip : end - begin], values)
            done = end
            yield done
        step = next_top - top
        band[: rows.tile - step] = band[step:].copy()
        band[max(0, rows.tile - step) :] = 0


def _change(
    engine: Engine,
    pixels: NDArray[np.generic],
    values: Range,
    rows: AxisPlan,
    columns: AxisPlan,
    top: int,
    left: int,
) -> NDArray[np.float32]:
    """Run the network on one tile: (tile, tile[, 3]), what it changes, in the network's units."""
    row_indices = padded_indices(top, top + rows.tile, rows.extent, rows.padded)
    column_indices = padded_indices(left, left + columns.tile, columns.extent, columns.padded)
    crop = pixels[row_indices[:, None], column_indices[None, :]].astype(np.float32) / np.float32(values.scale)
    if crop.ndim == 2:
        crop = np.repeat(crop[..., None], 3, axis=2)
    x = torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1)))[None]
    change: NDArray[np.float32] = engine.residual(x)[0].permute(1, 2, 0).numpy()  # (tile, tile, 3)
    return change if pixels.ndim == 3 else change.mean(axis=2)


def _add(pixels: NDArray[np.generic], change: NDArray[np.float32], values: Range) -> NDArray[np.generic]:
    """Add the network's change to stored values and return them in their own type."""
    wide = np.float64 if pixels.dtype == np.float64 else np.float32
    result = np.clip(pixels.astype(wide) + change * wide(values.scale), values.low, values.high)
    return (np.rint(result) if pixels.dtype.kind == "u" else result).astype(pixels.dtype)


def unreliable_margin(needs: Requirements, overlap: int) -> int:
    """Return how many outermost pixels of a tile are left to its neighbour.

    As many as the network's reach, where that is known: then tiles and the whole image agree. Otherwise a quarter of
    the overlap, which leaves the middle half to fade.
    """
    if needs.receptive_field is None or needs.global_context:
        return overlap // 4
    return min(needs.receptive_field, overlap // 2)


def _out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        words in text for words in ("out of memory", "not enough memory", "can't allocate memory")
    )


def _halved(
    engine: Engine, shape: tuple[int, ...], tile: int | None, overlap: int, error: BaseException
) -> tuple[int, int]:
    """Return a tile of half the side, with an overlap that fits it."""
    multiple = engine.requirements.multiple
    present = min(max(shape[:2]), tile or max(shape[:2]))
    smaller = present // 2 // multiple * multiple
    if smaller < max(SMALLEST_TILE, engine.requirements.min_size):
        raise RestoraError(
            f"memory ran out even with tiles of {present} pixels; close other programs or choose a smaller network"
        ) from error
    if engine.device.type == "cuda":
        torch.cuda.empty_cache()
    return smaller, min(overlap, smaller // 4)
