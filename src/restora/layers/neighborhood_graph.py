"""Neighborhood attention as a small graph of torch's own operators, to be exported at one size."""

import torch
import torch.nn.functional as F
from torch import Tensor

from restora.layers.neighborhood_tiles import Tiles, tiles_along


def attend_in_graph(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, kernel_size: int, dilation: int) -> Tensor:
    """Compute what `attend_in_tiles` does, in few operators, all tiles of a kind at once.

    Rows and columns of tiles are picked one axis after the other, by short lists of positions. The answers are put
    behind one another and brought into order at the end: nothing is written into a part of a tensor, which runtimes
    do slowly.

    Args:
        q: (B, H, W, heads, c), not scaled; all sizes are numbers.
        k: (B, H', W', heads, c).
        v: As ``k``.
        bias: (heads, 2K - 1, 2K - 1).
        kernel_size: K.
        dilation: Step between neighbours.

    Returns:
        (B, H, W, heads, c).
    """
    along_rows, along_columns = (
        tiles_along(q.shape[axis], k.shape[axis], kernel_size, dilation) for axis in (1, 2)
    )
    table = F.pad(
        bias.to(q.dtype), (0, 1, 0, 1), value=float("-inf")
    )  # the last ones are outside of the window
    bands = []
    for rows in along_rows:
        queries, keys, values = (
            _picked(x, 1, positions) for x, positions in ((q, rows.queries), (k, rows.keys), (v, rows.keys))
        )
        of_rows = table.index_select(1, _entries(rows, kernel_size, q))  # (heads, n_y m_y, 2K)
        parts = []
        for columns in along_columns:
            mask = of_rows.index_select(2, _entries(columns, kernel_size, q))  # (heads, n_y m_y, n_x m_x)
            sides = len(rows.offsets), len(rows.offsets[0]), len(columns.offsets), len(columns.offsets[0])
            mask = mask.view(-1, *sides).transpose(2, 3).flatten(3, 4).flatten(1, 2)  # (heads, n, m)
            attended = F.scaled_dot_product_attention(
                _tiles(_picked(queries, 2, columns.queries), rows.queries, columns.queries),
                _tiles(_picked(keys, 2, columns.keys), rows.keys, columns.keys),
                _tiles(_picked(values, 2, columns.keys), rows.keys, columns.keys),
                attn_mask=mask[None],
            )
            parts.append(_untiled(attended, len(q), rows, columns))
        bands.append(torch.cat(parts, dim=2))
    out = torch.cat(bands, dim=1)
    for axis, along in ((1, along_rows), (2, along_columns)):
        order = [position for tiles in along for tile in tiles.queries for position in tile]
        inverse = sorted(range(len(order)), key=order.__getitem__)
        out = out.index_select(axis, torch.tensor(inverse, device=q.device))
    return out


def _picked(x: Tensor, axis: int, positions: tuple[tuple[int, ...], ...]) -> Tensor:
    return x.index_select(axis, _flat(positions, x))


def _entries(tiles: Tiles, kernel_size: int, like: Tensor) -> Tensor:
    """Return the rows, or columns, of the table of biases for each query and key; the last one outside the window."""
    return _flat(tuple(tuple(offset % (2 * kernel_size) for offset in one) for one in tiles.offsets), like)


def _flat(numbers: tuple[tuple[int, ...], ...], like: Tensor) -> Tensor:
    return torch.tensor([number for row in numbers for number in row], device=like.device)


def _tiles(x: Tensor, rows: tuple[tuple[int, ...], ...], columns: tuple[tuple[int, ...], ...]) -> Tensor:
    """Cut (B, rows of all tiles, columns of all tiles, heads, c) into tiles (tiles, heads, pixels, c)."""
    grid = x.view(len(x), len(rows), len(rows[0]), len(columns), len(columns[0]), *x.shape[3:])
    return grid.permute(0, 1, 3, 5, 2, 4, 6).flatten(4, 5).flatten(0, 2)


def _untiled(x: Tensor, batch: int, rows: Tiles, columns: Tiles) -> Tensor:
    """Undo `_tiles`."""
    tall, wide = len(rows.queries[0]), len(columns.queries[0])
    grid = x.view(batch, len(rows.queries), len(columns.queries), x.shape[1], tall, wide, x.shape[3])
    return grid.permute(0, 1, 4, 2, 5, 3, 6).flatten(3, 4).flatten(1, 2)
