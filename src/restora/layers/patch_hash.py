"""Locality-sensitive hashing of patches: patches of similar direction tend to fall into the same bucket."""

import torch
from torch import Tensor, nn

from restora.layers.precision import full_precision

MAX_BUCKETS = 128
"""Without a cap the number of buckets, and with it the cost of hashing a patch, would grow with the image."""


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
    """The random matrices of a hash: drawn anew at every call in training, always the same in evaluation.

    All images of a batch share them, so that an image's result does not depend on its company. The fixed ones are no
    part of the state dict: the seed makes them again. Round t has the same matrix however many rounds there are.

    Args:
        features: Length r * r * C of a flattened patch.
        rounds: Number h of matrices.
        seed: Of the fixed matrices.

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
