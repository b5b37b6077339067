"""Patches sorted by bucket, cut into chunks, each with the neighbours that it looks at."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class PatchGroups:
    """Which patches look at which, for every image and every round of hashing.

    Attributes:
        order: Patch at each sorted position (B, h, N).
        rank: Sorted position of each patch (B, h, N), the inverse of ``order``.
        chunks: Patches of each chunk (B, h, N_c, k) with N_c = ceil(N / k); -1 at the end of the last one where
            there are no more.
        neighbours: Patches that a chunk looks at (B, h, N_c, n): its own, then those of the chunk before it, n = 2k;
            the first chunk looks back at the last. A single chunk has only its own, n = k.
    """

    order: Tensor
    rank: Tensor
    chunks: Tensor
    neighbours: Tensor

    def by_patch(self, values: Tensor) -> Tensor:
        """Reorder what belongs to the patches of the chunks (B, h, N_c, k, ...) by patch number (B, h, N, ...)."""
        return _gather(values.flatten(2, 3), self.rank)

    def by_chunk(self, values: Tensor) -> Tensor:
        """Reorder what belongs to the patches (B, h, N, ...) by chunk (B, h, N_c, k, ...), zero where none is."""
        ordered = _gather(values, self.order)
        chunks, size = self.chunks.shape[2:]
        missing = chunks * size - ordered.shape[2]
        padded = F.pad(ordered, [0, 0] * (ordered.ndim - 3) + [0, missing])
        return padded.view(*padded.shape[:2], chunks, size, *padded.shape[3:])


def group_patches(buckets: Tensor, chunk_size: int) -> PatchGroups:
    """Sort patches by bucket, stably, cut the order into chunks and let each look back (eq. 6 and 7 of the KiT paper).

    Stable: patches of a bucket stay in raster order, which matters where one bucket holds many. Chunks do not end
    with their bucket, and the look-back wraps around inside its round.

    Args:
        buckets: Bucket of every patch (B, h, N), integers from 0.
        chunk_size: Patches k of a chunk.

    Example:
        >>> groups = group_patches(torch.tensor([[[1, 0, 1, 0, 0]]]), chunk_size=2)
        >>> groups.chunks[0, 0].tolist()
        [[1, 3], [4, 0], [2, -1]]
        >>> groups.neighbours[0, 0].tolist()
        [[1, 3, 2, -1], [4, 0, 1, 3], [2, -1, 4, 0]]
    """
    N = buckets.shape[-1]
    patches = torch.arange(N, device=buckets.device)
    # Keys without equals: every sort of them is the stable one, on any device and in any exported format.
    order = (buckets * N + patches).argsort(-1)
    rank = torch.empty_like(order).scatter_(-1, order, patches.expand_as(order))
    chunks = F.pad(order, (0, -N % chunk_size), value=-1).view(*order.shape[:2], -1, chunk_size)
    alone = chunks.shape[2] == 1
    neighbours = chunks if alone else torch.cat([chunks, chunks.roll(1, dims=2)], dim=-1)
    return PatchGroups(order, rank, chunks, neighbours)


def _gather(values: Tensor, index: Tensor) -> Tensor:
    """Pick along the third axis of (B, h, M, ...) by (B, h, N)."""
    wide = index.reshape(*index.shape, *[1] * (values.ndim - 3)).expand(*index.shape, *values.shape[3:])
    return values.gather(2, wide)
