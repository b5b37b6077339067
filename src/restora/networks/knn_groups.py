"""Neighbours of patches: which ones of a photograph a KiT takes, as the paper's figure 7 shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.layers import PatchGroups
from restora.networks.kit import SCALES, KiT
from restora.networks.watching import padded_input, watched


@dataclass(frozen=True)
class KNNGroups:
    """The patches of one image, sorted by one round of hashing in one block.

    Attributes:
        order: Patch at each sorted position (N,).
        rank: Sorted position of each patch (N,).
        chunks: Patches of each chunk (N_c, k), -1 where there are no more.
        neighbours: Patches that a chunk looks at (N_c, n): its own, then those of the chunk before.
        patch: Side of a patch in pixels of the image.
        columns: Patches in a row of the image, which is padded at the right and the bottom to whole patches.

    Example:
        >>> from restora.networks import create_model
        >>> groups = knn_groups(create_model("kit", "tiny"), np.zeros((32, 64, 3), np.uint8))
        >>> groups.patch_at(5, 9), groups.corner(33), groups.members(0).tolist()
        (33, (4, 8), [0, 1, 2, 3])
    """

    order: NDArray[np.int64]
    rank: NDArray[np.int64]
    chunks: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    patch: int
    columns: int

    def members(self, patch: int) -> NDArray[np.int64]:
        """Return the patches of a patch's own chunk, itself among them."""
        own: NDArray[np.int64] = self.chunks[self.rank[patch] // self.chunks.shape[1]]
        return own[own >= 0]

    def looked_back_at(self, patch: int) -> NDArray[np.int64]:
        """Return the patches of the chunk before, at which a patch looks too."""
        size = self.chunks.shape[1]
        before: NDArray[np.int64] = self.neighbours[self.rank[patch] // size, size:]
        return before[before >= 0]

    def patch_at(self, x: int, y: int) -> int:
        """Return the number of the patch that holds the pixel in column x and row y."""
        return y // self.patch * self.columns + x // self.patch

    def corner(self, patch: int) -> tuple[int, int]:
        """Return column and row of a patch's first pixel."""
        row, column = divmod(patch, self.columns)
        return column * self.patch, row * self.patch


def knn_groups(
    model: KiT, image: NDArray[np.generic], *, stage: int = 0, block: int = 0, round: int = 0
) -> KNNGroups:
    """Run a KiT over an image and note which patches one of its blocks takes for neighbours.

    Args:
        model: The network; it runs in evaluation mode and is left as it was.
        image: (H, W, 3), bytes or floats in [0, 1], of any size.
        stage: 0 to 2 the encoder's at full, half and quarter size, 3 the bottleneck, 4 to 6 the decoder's at quarter,
            half and full size.
        block: Number of the block in its stage.
        round: Number of the round of hashing.

    Raises:
        RestoraError: The image has another shape, or there is no such stage, block or round.

    Example:
        >>> from restora.networks import create_model
        >>> groups = knn_groups(create_model("kit", "tiny"), np.random.rand(30, 64, 3))
        >>> groups.patch, groups.columns, groups.chunks.shape
        (4, 16, (32, 4))
    """
    stages = model.attentions
    _check("stage", stage, len(stages))
    _check("block", block, len(stages[stage]))
    attention = stages[stage][block]
    _check("round", round, attention.rounds)

    seen: list[PatchGroups] = []
    x = padded_input(model, image)
    watched(model, [attention], lambda layer, features: seen.append(layer.group(features)), x)
    (groups,) = seen
    patch = model.config.patch_size * 2 ** min(stage, 2 * SCALES - stage)
    order, rank, chunks, neighbours = (
        x[0, round].cpu().numpy() for x in (groups.order, groups.rank, groups.chunks, groups.neighbours)
    )
    return KNNGroups(order, rank, chunks, neighbours, patch, x.shape[3] // patch)


def _check(name: str, value: int, count: int) -> None:
    if not 0 <= value < count:
        raise RestoraError(f"{name} must be from 0 to {count - 1}, got {value}")
