"""Tiles of neighborhood attention along one axis: which keys a tile of queries needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Tiles:
    """Tiles of queries that see their keys in the same way, so that one bias serves them all.

    Attributes:
        offsets: For each query of a tile and each of its keys, the key's rank less the query's plus K - 1, which is
            the row (or column) of the bias table; -1 where the key is outside the query's window.
        queries: Positions of each tile's queries along the axis, the same number in each tile.
        keys: Positions of each tile's keys, the union of the windows of its queries.
    """

    offsets: tuple[tuple[int, ...], ...]
    queries: tuple[tuple[int, ...], ...]
    keys: tuple[tuple[int, ...], ...]


def window_start(rank: int, length: int, kernel_size: int) -> int:
    """Return the rank of the first of a query's K neighbours: centred, and shifted inward at the ends.

    Example:
        >>> [window_start(rank, length=9, kernel_size=7) for rank in range(9)]
        [0, 0, 0, 0, 1, 2, 2, 2, 2]
    """
    return min(max(rank - kernel_size // 2, 0), length - kernel_size)


def ranks(length: int, dilation: int, residue: int) -> int:
    """Count the positions residue, residue + dilation, ... below ``length``."""
    return max(0, -(-(length - residue) // dilation))


@lru_cache(maxsize=256)
def tiles_along(
    queries: int, keys: int, kernel_size: int, dilation: int, longest: int | None = None
) -> tuple[Tiles, ...]:
    """Cut an axis into tiles: every query is in one of them, and each tile has all keys that its queries see.

    Dilated attention is plain attention within each residue class of positions modulo the dilation, so a tile is a
    run of queries of one class. Tiles that see their keys in the same way are collected.

    Args:
        queries: Positions 0 ... queries - 1 ask.
        keys: Positions 0 ... keys - 1 are seen; at least ``queries`` and ``kernel_size * dilation`` of them.
        kernel_size: K, odd.
        dilation: Step between neighbours.
        longest: Queries of a run, K + 1 by default; the last run of a class has up to twice as many.

    Example:
        >>> tiles_along(queries=2, keys=4, kernel_size=3, dilation=1)
        (Tiles(offsets=((2, 3, 4), (1, 2, 3)), queries=((0, 1),), keys=((0, 1, 2),)),)
    """
    alike: dict[tuple[tuple[int, ...], ...], list[tuple[tuple[int, ...], tuple[int, ...]]]] = {}
    for residue in range(min(dilation, queries)):
        length = ranks(keys, dilation, residue)
        for tile in _runs(ranks(queries, dilation, residue), longest or kernel_size + 1):
            first = window_start(tile[0], length, kernel_size)
            last = window_start(tile[-1], length, kernel_size) + kernel_size
            offsets = tuple(
                tuple(
                    key - query + kernel_size - 1
                    if 0 <= key - window_start(query, length, kernel_size) < kernel_size
                    else -1
                    for key in range(first, last)
                )
                for query in tile
            )
            positions = (
                tuple(residue + dilation * rank for rank in tile),
                tuple(residue + dilation * rank for rank in range(first, last)),
            )
            alike.setdefault(offsets, []).append(positions)
    return tuple(
        Tiles(offsets, tuple(q for q, _ in positions), tuple(k for _, k in positions))
        for offsets, positions in alike.items()
    )


def _runs(length: int, longest: int) -> Iterator[range]:
    """Cut ranks into runs: few enough queries that most keys of a tile are seen by most of them.

    The last one takes what is left: the bits of a product of very few rows depend on where they lie in memory.
    """
    count = 1 if length <= 2 * longest else length // longest
    for run in range(count):
        yield range(run * longest, length if run == count - 1 else (run + 1) * longest)
