"""Aligned random crops of degraded and clean images, every one a pure function of a seed and its number."""

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any, Required, Self, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from restora.datasets.catalogue import open_benchmark
from restora.datasets.corrupt import Corrupt, skip_or_fail
from restora.datasets.cutting import cut, draw_place
from restora.datasets.epochs import EpochOrder, StreamOrder
from restora.datasets.folder_pair import open_folder_pair
from restora.datasets.pack import Pack
from restora.datasets.pairs import Pair
from restora.datasets.remote_shards import KEPT_GIGABYTES
from restora.datasets.symmetries import Augmentation, draw_symmetry
from restora.errors import RestoraError
from restora.tensors import to_tensor

_SUBSTITUTES = 2  # sets the generator of substitutes apart from that of the crop; see `epochs`


class PairDrawing(TypedDict, total=False):
    """Arguments of `PairedCrops` that say which crops are drawn."""

    patch: Required[int]
    seed: int
    augmentation: Augmentation
    corrupt: Corrupt


class PairedCrops(Dataset[tuple[Tensor, Tensor]]):
    """Augmented square crops at the same place of both images of a pair.

    Crop number i depends on the seed and on i alone: any number of workers gives the same crops, and a run resumes in
    the middle of an epoch by starting at another number. Crops number 0 to N - 1 visit each of the N pairs once in
    shuffled order, the next N again in another order. The place of a crop is uniform over the image.

    An image smaller than the crop is reflected beyond its bottom and right side, the border pixel repeated, as often
    as it takes. Images are decoded anew for each crop, so that memory does not grow; a pack saves the decoding.

    Args:
        pairs: What to cut from, such as `Pairs` or those of a `Pack`; every one with a clean image.
        patch: Side of a crop in pixels.
        seed: Of everything random.
        augmentation: Which flips and turns are drawn.
        corrupt: Whether a pair that cannot be read ends the run, or is reported and replaced by another, which depends
            on the seed and the number of the crop as well.
        length: How many crops there are.
        order: In which pairs are visited, instead of a random one.

    Raises:
        RestoraError: There is no pair.

    Example:
        >>> pixels = np.arange(48 * 64 * 3, dtype=np.uint16).reshape(48, 64, 3)
        >>> crops = PairedCrops([Pair("1", pixels, pixels)], patch=32, seed=7)
        >>> degraded, clean = crops[0]
        >>> degraded.shape, bool((degraded == clean).all())
        (torch.Size([3, 32, 32]), True)
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        *,
        patch: int,
        seed: int = 0,
        augmentation: Augmentation = "all",
        corrupt: Corrupt = "fail",
        length: int = 2**40,
        order: EpochOrder | None = None,
    ) -> None:
        if not len(pairs):
            raise RestoraError("no pairs to train on: name two folders with images, or a benchmark")
        self.pairs, self.patch, self.seed, self.augmentation = pairs, patch, seed, augmentation
        self.corrupt, self.length = corrupt, length
        self._order = order or EpochOrder(len(pairs), seed)
        # Spares reading and reporting again; which crop comes out is the same without.
        self._bad: set[int] = set()

    @classmethod
    def from_folders(cls, degraded: str | Path, clean: str | Path, **drawing: Unpack[PairDrawing]) -> Self:
        """Take the pairs of two folders, matched by their names without suffix; see `open_folder_pair`."""
        return cls(open_folder_pair(degraded, clean), **drawing)

    @classmethod
    def from_benchmark(
        cls,
        name: str,
        root: str | Path,
        *,
        split: str = "train",
        variant: str | None = None,
        **drawing: Unpack[PairDrawing],
    ) -> Self:
        """Take the pairs of a benchmark in any layout of the catalogue; see `open_benchmark`."""
        return cls(open_benchmark(name, root, split=split, variant=variant), **drawing)

    @classmethod
    def from_pack(
        cls, folder: str | Path, gigabytes: float = KEPT_GIGABYTES, **drawing: Unpack[PairDrawing]
    ) -> Self:
        """Take the pairs of a pack: the same crops as from the files, without decoding; of one elsewhere shard after shard.

        Raises:
            RestoraError: It is no pack, not finished, or one of photographs.
        """
        pack = Pack(folder, gigabytes=gigabytes)
        return cls(pack.pairs(), **drawing, order=pack.streams(drawing.get("seed", 0)))

    def with_patch(self, patch: int) -> Self:
        """Return crops of the same pairs with another side; the order of the pairs stays."""
        other = copy(self)
        other.patch = patch
        return other

    def with_stage(self, patch: int, batch: int) -> Self:
        """Return crops of another side, and for batches of another size, which the streams of a pack elsewhere follow."""
        other = self.with_patch(patch)
        if isinstance(self._order, StreamOrder):
            other._order = StreamOrder(self._order.sizes, self.seed, batch)
        return other

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return crop number ``index``.

        Returns:
            The degraded crop, (3, patch, patch) or (6, patch, patch) for the left and right view of a dual-pixel
            sensor, and the clean one, (3, patch, patch); both float32, files of 8 and 16 bits in [0, 1].

        Raises:
            RestoraError: A pair cannot be read and that is to be fatal, or none can be.
        """
        degraded, clean = self._read(index)
        random = np.random.default_rng((self.seed, index))
        top, left = draw_place(random, clean, self.patch)
        symmetry = draw_symmetry(random, self.augmentation)
        crops = (cut(pixels, top, left, self.patch) for pixels in (degraded, clean))
        first, second = (to_tensor(symmetry.apply(crop)) for crop in crops)
        return first, second

    def _read(self, index: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Read the pair of a crop, or a substitute drawn for this crop if it is corrupt."""
        number = self._order[index]
        if number not in self._bad and (found := self._try(number)):
            return found
        substitutes = np.random.default_rng((self.seed, index, _SUBSTITUTES)).permutation(len(self.pairs))
        for other in substitutes.tolist():
            if other not in self._bad and (found := self._try(other)):
                return found
        raise RestoraError("no pair of the training data can be read; see the files reported before")

    def _try(self, number: int) -> tuple[NDArray[Any], NDArray[Any]] | None:
        try:
            pair = self.pairs[number]
        except RestoraError as error:
            skip_or_fail(error, self.corrupt)
            self._bad.add(number)
            return None
        if pair.clean is None:
            raise RestoraError(f"{pair.name}: its clean image is withheld; train on a split that has them")
        return pair.degraded, pair.clean
