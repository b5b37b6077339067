"""Patches of images: cut from a grid, hashed by content, sorted by bucket and grouped with their neighbours."""

from dataclasses import dataclass
from math import isqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers.precision import full_precision

MAX_BUCKETS = 128
"""Without a cap the number of buckets, and with it the cost of hashing a patch, would grow with the image."""


def split_patches(x: Tensor, size: int) -> Tensor:
    """Cut features into non-overlapping patches, numbered row by row.

    Patch ``p = row * (W / size) + column``; pixel ``i = dy * size + dx`` inside it. A flattened patch is pixel-major,
    its channels fastest.

    Args:
        x: Features (B, C, H, W); H and W multiples of ``size``.
        size: Side r of a patch in pixels.

    Returns:
        (B, N, r * r, C) with N = H W / r^2, contiguous.

    Raises:
        ValueError: H or W is no multiple of ``size``.

    Example:
        >>> split_patches(torch.arange(8.0).view(1, 1, 2, 4), 2)[0, :, :, 0]
        tensor([[0., 1., 4., 5.],
                [2., 3., 6., 7.]])
    """
    B, C, H, W = x.shape
    if H % size or W % size:
        raise ValueError(f"height and width must be multiples of the patch size {size}, got {H} x {W}")
    pixels = x.permute(0, 2, 3, 1)  # (B, H, W, C), contiguous where x is channels last
    grid = pixels.reshape(B, H // size, size, W // size, size, C)
    return grid.transpose(2, 3).reshape(B, H * W // size**2, size * size, C)


def join_patches(patches: Tensor, height: int, width: int) -> Tensor:
    """Undo `split_patches`.

    Args:
        patches: (B, N, r * r, C).
        height: H of the features in pixels.
        width: W of the features in pixels.

    Returns:
        (B, C, H, W), channels last in memory.
    """
    B, _, pixels, C = patches.shape
    size = isqrt(pixels)
    grid = patches.reshape(B, height // size, width // size, size, size, C)
    return grid.transpose(2, 3).reshape(B, height, width, C).permute(0, 3, 1, 2)


def bucket_count(patches: int, chunk_size: int) -> int:
    """Return the number m of buckets for N patches: about one a chunk, even, from 2 to `MAX_BUCKETS`.

    Example:
        >>> bucket_count(1024, 4), bucket_count(100, 4), bucket_count(3, 4)
        (128, 26, 2)
    """
    chunks = patches // chunk_size
    return min(MAX_BUCKETS, max(2, chunks + chunks % 2))


def hash_patches(patches: Tensor, rotations: Tensor) -> Tensor:
    """Hash patches with random rotations: L(x) = argmax([x R; -x R]), eq. 5 of the KiT paper.

    The scale of x does not matter, so nothing is projected onto the unit sphere. Of equal values the first wins.
    Computed in float32 whatever the precision around it: rounding would move patches to other buckets.

    Args:
        patches: (B, N, r * r, C).
        rotations: R (h, r * r * C, m / 2), one for each round.

    Returns:
        Bucket of every patch in every round (B, h, N), integers in [0, m). No gradient goes through them.
    """
    flat = patches.detach().flatten(2)
    dtype = torch.promote_types(flat.dtype, torch.float32)
    with full_precision(flat):
        y = flat.to(dtype) @ rotations.to(dtype).transpose(0, 1).flatten(1)  # all rounds in one product
    y = y.view(*flat.shape[:2], len(rotations), -1)  # (B, N, h, m / 2)
    highest, at_highest = y.max(-1)
    lowest, at_lowest = y.min(-1)  # instead of laying y and -y side by side
    buckets = torch.where(highest >= -lowest, at_highest, at_lowest + y.shape[-1])
    return buckets.transpose(1, 2)


class RandomRotations(nn.Module):
    """Random matrices of a hash: drawn anew at every call in training, always the same in evaluation.

    All images of a batch share them, so that an image's result does not depend on its company. The fixed ones are no
    part of the state dict: the seed makes them again. Round t has the same matrix however many rounds there are.

    Args:
        features: Length r * r * C of a flattened patch.
        rounds: Number h of matrices.
        seed: Seed of the fixed matrices.

    Example:
        >>> rotations = RandomRotations(features=48, rounds=2, seed=0).eval()
        >>> rotations(16).shape
        torch.Size([2, 48, 8])
    """

    fixed: Tensor

    def __init__(self, features: int, rounds: int, seed: int) -> None:
        super().__init__()
        self.features, self.seed = features, seed
        self.register_buffer("fixed", self._drawn(rounds, torch.empty(0).device), persistent=False)

    @property
    def rounds(self) -> int:
        """Number of matrices."""
        return len(self.fixed)

    @rounds.setter
    def rounds(self, rounds: int) -> None:
        if rounds != self.rounds:
            self.fixed = self._drawn(rounds, self.fixed.device)

    def forward(self, buckets: int) -> Tensor:
        """Return the matrices (h, r * r * C, m / 2) for m buckets."""
        if self.training:
            # From the global generator: activation checkpointing around this layer restores it.
            return torch.randn(self.rounds, self.features, buckets // 2, device=self.fixed.device)
        return self.fixed[..., : buckets // 2]

    def _drawn(self, rounds: int, device: torch.device) -> Tensor:
        shape = (self.features, MAX_BUCKETS // 2)
        if device.type == "meta":
            return torch.empty(rounds, *shape, device=device)
        generator = torch.Generator("cpu").manual_seed(self.seed)  # every device gets the same numbers
        drawn = [torch.randn(shape, generator=generator, device="cpu") for _ in range(rounds)]
        # Values that bfloat16 holds exactly survive when the whole network is cast to half precision.
        return torch.stack(drawn).bfloat16().float().to(device)


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

    Example:
        >>> groups = group_patches(torch.tensor([[[1, 0, 1, 0]]]), chunk_size=2)
        >>> groups.order.tolist(), groups.rank.tolist()
        ([[[1, 3, 0, 2]]], [[[2, 0, 3, 1]]])
        >>> groups.by_chunk(torch.tensor([[[10.0, 11, 12, 13]]])).tolist()
        [[[[11.0, 13.0], [10.0, 12.0]]]]
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
