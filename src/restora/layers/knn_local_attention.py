"""k-NN local attention (KLA): patches attend to the pixels of the patches that a hash finds similar to them."""

from typing import Literal

import torch
from torch import Tensor, nn

from restora.layers.pair_attention import pair_attention, pair_logits
from restora.layers.patches import (
    PatchGroups,
    RandomRotations,
    bucket_count,
    group_patches,
    hash_patches,
    join_patches,
    split_patches,
)
from restora.layers.pointwise import PixelLinear

PatchWeights = Literal["softmax", "ratio"]
RoundWeights = Literal["union", "mean"]

SMALLEST_SUM = 1e-6
"""The literal eq. 10 divides by a sum of either sign; nearer to zero than this it is taken to be this."""


def patch_weights(
    logits: Tensor,
    pixels: int,
    channels: int,
    weights: PatchWeights = "softmax",
    rounds: RoundWeights = "union",
) -> Tensor:
    """Weigh the neighbours of each patch.

    ``"ratio"`` is eq. 10 to the letter, g / sum g: numbers of either sign over a sum that may be nearly zero, so that
    weights without bound occur in every photograph, and gradients a thousand times those of the softmax. ``"softmax"``
    of g / sqrt(r^2 C) keeps what the equation is for (relative similarity, summing to one) and is stable.

    ``"union"`` normalises once over the neighbours of all rounds, where a patch met twice counts twice; ``"mean"``
    normalises each round by itself and averages the rounds.

    Args:
        logits: g (B, h, N, n), -inf in empty slots.
        pixels: r^2 of a patch.
        channels: C.
        weights: Form of the weights.
        rounds: How rounds are combined.

    Returns:
        (B, h, N, n), which sum to one over h and n; zero in empty slots.

    Example:
        >>> patch_weights(torch.tensor([[[[3.0, 1.0, -torch.inf]]]]), 16, 8, "ratio")
        tensor([[[[0.7500, 0.2500, 0.0000]]]])
    """
    axes = (1, 3) if rounds == "union" else (3,)
    if weights == "softmax":
        scaled = logits * (pixels * channels) ** -0.5
        shares: Tensor = (scaled - scaled.logsumexp(axes, keepdim=True)).exp()
    else:
        present = logits.masked_fill(logits == -torch.inf, 0)
        total = present.sum(axes, keepdim=True)
        guarded = torch.where(
            total.abs() < SMALLEST_SUM, torch.full_like(total, SMALLEST_SUM).copysign(total), total
        )
        shares = present / guarded
    return shares if rounds == "union" else shares / logits.shape[1]


def knn_local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    groups: PatchGroups,
    weights: PatchWeights = "softmax",
    rounds: RoundWeights = "union",
) -> Tensor:
    """Let patches attend to their neighbours, eq. 8 to 10 of the KiT paper, in memory linear in N.

    The weights of all rounds come first. They take only the patches' dot products, r^2 times fewer than the scores of
    pixels, and once they are known, rounds and chunks add to the result in any order and need no rescaling.

    Args:
        query: phi of the patches (B, N, r * r, C).
        key: theta of the patches (B, N, r * r, C).
        value: psi of the patches (B, N, r * r, C).
        groups: Who looks at whom.
        weights: See `patch_weights`.
        rounds: See `patch_weights`.

    Returns:
        (B, N, r * r, C).

    Example:
        >>> groups = group_patches(torch.tensor([[[1, 0, 1, 0]]]), chunk_size=2)
        >>> q, k, v = torch.rand(3, 1, 4, 9, 5)
        >>> knn_local_attention(q, k, v, groups).shape
        torch.Size([1, 4, 9, 5])
    """
    logits = pair_logits(query, key, groups)
    return pair_attention(
        query, key, value, patch_weights(logits, query.shape[2], query.shape[3], weights, rounds), groups
    )


def plain_knn_local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    groups: PatchGroups,
    weights: PatchWeights = "softmax",
    rounds: RoundWeights = "union",
) -> Tensor:
    """Compute `knn_local_attention` as the equations stand, everything at once: to compare with, not to use.

    Example:
        >>> groups = group_patches(torch.tensor([[[1, 0, 1, 0]]]), chunk_size=2)
        >>> q, k, v = torch.rand(3, 1, 4, 9, 5)
        >>> plain = plain_knn_local_attention(q, k, v, groups)
        >>> torch.allclose(plain, knn_local_attention(q, k, v, groups), atol=1e-5)
        True
    """

    def pick(x: Tensor, patches: Tensor) -> Tensor:
        return torch.stack([one[rows.clamp(min=0)] for one, rows in zip(x, patches, strict=True)])

    Q = pick(query, groups.chunks)  # (B, h, N_c, k, r^2, C)
    K, V = pick(key, groups.neighbours), pick(value, groups.neighbours)  # (B, h, N_c, n, r^2, C)
    scores = torch.einsum("btuaic,btujlc->btuaijl", Q, K) * Q.shape[-1] ** -0.5
    pairs = torch.einsum("btuaijl,btujlc->btuaijc", scores.softmax(-1), V)  # eq. 8
    g = torch.einsum("btuaic,btujic->btuaj", Q, K)  # eq. 10
    g = groups.by_patch(g.masked_fill((groups.neighbours < 0)[:, :, :, None], -torch.inf))
    w = groups.by_chunk(patch_weights(g, query.shape[2], query.shape[3], weights, rounds))
    out = torch.einsum("btuaj,btuaijc->btuaic", w, pairs)  # eq. 9
    return groups.by_patch(out).sum(1)


class KNNLocalAttention(nn.Module):
    """Attention of each patch of r x r pixels to the k patches of its chunk and the k of the chunk before.

    Patches are hashed in h rounds (eq. 5), sorted by bucket (eq. 6), cut into chunks of k that look back (eq. 7), and
    attend to each neighbour by itself (eq. 8); the results are weighed by the patches' similarity (eq. 9 and 10). A
    patch is its own neighbour too. No gradient goes through the grouping. In evaluation the grouping, and with it the
    result, is always the same, and an image's does not depend on the batch that it is in. In training the hash is drawn
    anew at every call.

    Source: KiT ("KNN Local Attention for Image Restoration", CVPR 2022), section 3.3.

    Args:
        channels: C of the features (B, C, H, W).
        patch_size: Side r of a patch in pixels; H and W must be multiples of it.
        chunk_size: k; an attribute that may be changed at any time.
        rounds: h; an attribute that may be changed at any time.
        patch_weights: See `patch_weights`.
        round_weights: See `patch_weights`.
        shared_projection: Whether theta is phi (KiT_S).
        centered_hash: Whether the image's mean patch is subtracted before hashing. The paper does not; untrained
            features then share one direction and crowd into few buckets.
        seed: Seed of the rotations in evaluation; give every layer its own.

    Example:
        >>> layer = KNNLocalAttention(8).eval()
        >>> x = torch.rand(1, 8, 16, 24)
        >>> layer(x).shape, layer.group(x).neighbours.shape
        (torch.Size([1, 8, 16, 24]), torch.Size([1, 4, 6, 8]))
    """

    def __init__(
        self,
        channels: int,
        patch_size: int = 4,
        chunk_size: int = 4,
        rounds: int = 4,
        *,
        patch_weights: PatchWeights = "softmax",
        round_weights: RoundWeights = "union",
        shared_projection: bool = False,
        centered_hash: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.patch_size, self.chunk_size = patch_size, chunk_size
        self.patch_weights, self.round_weights = patch_weights, round_weights
        self.centered_hash = centered_hash
        self.query = PixelLinear(channels, channels)  # phi
        self.key = None if shared_projection else PixelLinear(channels, channels)  # theta
        self.value = PixelLinear(channels, channels)  # psi
        self.rotations = RandomRotations(patch_size**2 * channels, rounds, seed)

    @property
    def rounds(self) -> int:
        """Number h of rounds of hashing."""
        return self.rotations.rounds

    @rounds.setter
    def rounds(self, rounds: int) -> None:
        self.rotations.rounds = rounds

    def group(self, x: Tensor) -> PatchGroups:
        """Find out which patches of features (B, C, H, W) attend to which."""
        return self._group(split_patches(x, self.patch_size))

    def forward(self, x: Tensor) -> Tensor:
        """Attend: (B, C, H, W), shape kept. There is no projection behind it; with one head psi can do its work."""
        patches = split_patches(x, self.patch_size)  # (B, N, r^2, C)
        query, value = self.query(patches), self.value(patches)  # once, and gathered for every round
        key = query if self.key is None else self.key(patches)
        groups = self._group(patches)
        out = knn_local_attention(query, key, value, groups, self.patch_weights, self.round_weights)
        return join_patches(out, *x.shape[2:])

    def _group(self, patches: Tensor) -> PatchGroups:
        if self.centered_hash:
            patches = patches - patches.mean(1, keepdim=True)
        rotations = self.rotations(bucket_count(patches.shape[1], self.chunk_size))
        return group_patches(hash_patches(patches, rotations), self.chunk_size)
