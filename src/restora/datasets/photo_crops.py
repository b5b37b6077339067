"""Random crops of clean photographs, every one a pure function of a seed and its number."""

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any, Required, Self, TypedDict, Unpack

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from restora.datasets.corrupt import Corrupt, skip_or_fail
from restora.datasets.cutting import cut, draw_place
from restora.datasets.drawn_pictures import drawn_picture
from restora.datasets.epochs import EpochOrder, StreamOrder
from restora.datasets.pack import Pack
from restora.datasets.remote_shards import KEPT_GIGABYTES
from restora.datasets.sources import load_rgb8
from restora.datasets.symmetries import Augmentation, draw_symmetry
from restora.errors import RestoraError
from restora.images import find_images
from restora.tensors import to_tensor

FLAT = 6.0
"""Grey levels of 255: a crop whose values have a smaller standard deviation is flat."""
MOST_TRIALS = 8
"""Crops that are drawn at most in place of flat ones; some photographs have no others."""
MOST_ENLARGED = 1.6
"""By which a crop is enlarged at most."""


class Drawing(TypedDict, total=False):
    """Arguments of `PhotoCrops` that say which crops are drawn."""

    patch: Required[int]
    seed: int
    reduction: float
    enlarged: float
    gray: float
    flat: float
    drawn: float
    fonts: Sequence[Path]
    augmentation: Augmentation
    permute_channels: bool


class PhotoCrops(Dataset[Tensor]):
    """Augmented square crops of a folder of clean photographs.

    Crop number i depends on the seed and on i alone, not on the crops before it: any number of workers gives the
    same crops, and a run resumes in the middle by starting at another number. Photographs are drawn in proportion
    to their pixels, decoded once and kept in memory as 8-bit arrays.

    Augmentation: a flip or turn, a random order of the colour channels, and with probability 1/2 a reduction (area
    averaging) by a random factor, which makes soft photographs sharp. Some crops become gray, for gray photographs are to
    be restored, too. Where the sky is above and the colour of things tells something, as with haze, turn off turns
    and the order of the channels.

    A photograph smaller than the crop is reflected beyond its bottom and right side, the border pixel repeated.

    Args:
        photos: Photographs, each (H, W, 3) uint8: decoded, or those of a `Pack`, which need no memory.
        patch: Side of a crop in pixels.
        seed: Of everything random.
        reduction: The strongest reduction as a factor in (0, 1]; 1 turns it off.
        enlarged: Share of the photographs' crops that are not reduced but enlarged by up to 1.6, bilinearly or
            bicubically: soft without blur, which is to be left alone.
        gray: Share of the crops that become gray: their three channels are one of the photograph's, drawn.
        flat: Share of the flat crops, whose values hardly vary, in place of which another crop is drawn.
        drawn: Share of the crops that are text or line art instead of a photograph; see `drawn_picture`.
        fonts: Of drawn text, from `find_fonts`; Pillow's own by default.
        augmentation: Which flips and turns are drawn.
        permute_channels: Whether red, green and blue are exchanged at random.
        length: How many crops there are.
        order: In which photographs are visited, instead of drawing them.

    Raises:
        RestoraError: No photograph, or a number out of its range.

    Example:
        >>> crops = PhotoCrops([np.zeros((48, 64, 3), np.uint8)], patch=32, seed=7)
        >>> crops[12345].shape
        torch.Size([3, 32, 32])
    """

    def __init__(
        self,
        photos: Sequence[NDArray[np.uint8]],
        *,
        patch: int,
        seed: int = 0,
        reduction: float = 0.5,
        enlarged: float = 0.0,
        gray: float = 0.0,
        flat: float = 0.0,
        drawn: float = 0.0,
        fonts: Sequence[Path] = (),
        augmentation: Augmentation = "all",
        permute_channels: bool = True,
        length: int = 2**40,
        order: EpochOrder | None = None,
    ) -> None:
        if not len(photos):
            raise RestoraError("no photographs to train on: name a folder with images")
        if not 0 < reduction <= 1:
            raise RestoraError(f"reduction must be in (0, 1], got {reduction}")
        if not 0 <= enlarged <= 1:
            raise RestoraError(f"enlarged must be in [0, 1], got {enlarged}")
        self.patch, self.seed, self.reduction, self.gray, self.length = patch, seed, reduction, gray, length
        self.enlarged, self.flat, self.drawn, self.fonts = enlarged, flat, drawn, fonts
        self.augmentation, self.permute_channels = augmentation, permute_channels
        self.photos, self._order = photos, order
        if order is None:
            areas = np.array([pixels.shape[0] * pixels.shape[1] for pixels in photos], dtype=np.float64)
            self._cumulative = np.cumsum(areas / areas.sum())

    @classmethod
    def from_folder(
        cls, folder: str | Path, *, corrupt: Corrupt = "fail", **drawing: Unpack[Drawing]
    ) -> Self:
        """Decode every photograph of a folder, or of a pattern such as ``photos/**/*.jpg``, 8-bit or more, RGB or gray.

        Raises:
            RestoraError: There is none, or one cannot be read and that is to be fatal.
        """
        photos = []
        for found in find_images([folder]):
            try:
                photos.append(load_rgb8(found.path))
            except RestoraError as error:
                skip_or_fail(error, corrupt)
        return cls(photos, **drawing)

    @classmethod
    def from_pack(
        cls, folder: str | Path, gigabytes: float = KEPT_GIGABYTES, **drawing: Unpack[Drawing]
    ) -> Self:
        """Take the photographs of a pack: the same crops as from the files, without decoding or holding them.

        Those of a pack elsewhere are visited once in each epoch, shard after shard, whatever their sizes.

        Raises:
            RestoraError: It is no pack, not finished, or one of pairs.
        """
        pack = Pack(folder, gigabytes=gigabytes)
        return cls(pack.photographs(), **drawing, order=pack.streams(drawing.get("seed", 0)))

    def with_patch(self, patch: int) -> Self:
        """Return the same photographs, not decoded again, with another size of crop."""
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

    def __getitem__(self, index: int) -> Tensor:
        """Return crop number ``index``: (3, patch, patch), float32 in [0, 1]."""
        random = np.random.default_rng((self.seed, index))
        if self.drawn and random.random() < self.drawn:
            crop = drawn_picture(random, self.patch, self.fonts)
        else:
            crop = self._cut(random, index)
            for _ in range(MOST_TRIALS):
                if not self.flat or crop.std() > FLAT or random.random() >= self.flat:
                    break
                crop = self._cut(random, index)
        crop = draw_symmetry(random, self.augmentation).apply(crop)
        order = random.permutation(3)
        if random.random() < self.gray:
            crop = np.repeat(crop[..., order[:1]], 3, axis=2)
        elif self.permute_channels:
            crop = crop[..., order]
        return to_tensor(crop)

    def _cut(self, random: np.random.Generator, index: int) -> NDArray[Any]:
        """Cut a crop out of a photograph, reduced or not: (patch, patch, 3) uint8."""
        if self._order is None:
            place = int(np.searchsorted(self._cumulative, random.random(), side="right"))
            number = min(place, len(self.photos) - 1)
        else:
            number = self._order[index]
        pixels = self.photos[number]
        shorter = min(pixels.shape[:2])
        factor = random.uniform(self.reduction, 1.0) if random.random() < 0.5 else 1.0
        interpolation = cv2.INTER_AREA
        if self.enlarged and random.random() < self.enlarged:
            factor = random.uniform(1.0, MOST_ENLARGED)
            interpolation = (cv2.INTER_LINEAR, cv2.INTER_CUBIC)[random.integers(2)]
        side = min(round(self.patch / factor), max(shorter, self.patch))
        top, left = draw_place(random, pixels, side)
        crop: NDArray[Any] = cut(pixels, top, left, side)
        if side != self.patch:
            crop = cv2.resize(crop, (self.patch, self.patch), interpolation=interpolation)
        return crop
