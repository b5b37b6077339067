"""Packs: training data decoded once and read through memory mapping.

A pack is a folder of safetensors shards of at most about 256 MB, with the bare pixels of photographs or pairs, and
``index.json``, which names the shards and their lengths and comes last. So any tool of that format reads it, nothing
in it can execute code, a crop touches only the pages it lies on, the pages are shared between worker processes, and
what is in memory is the business of the system. LMDB, which others use, needs one more library and holds encoded
images, which every crop decodes anew; encoded files take a third of the space.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, overload

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from restora.datasets.pairs import Pair
from restora.datasets.shards import Place, Shard, read_shard
from restora.errors import RestoraError

Kind = Literal["photographs", "pairs"]
INDEX = "index.json"


class ShardRecord(BaseModel):
    """A shard in the index.

    Attributes:
        file: Its name.
        bytes: Its length.
        images: How many photographs or pairs it holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: str
    bytes: int
    images: int


class PackIndex(BaseModel):
    """The index of a pack.

    Attributes:
        format: Version of the format.
        kind: Photographs, or pairs.
        title: Where they come from.
        preparation: How they were cut, in words.
        originals: Digest of the names, lengths and dates of the files they were made from, and of the preparation.
        skipped: A line for each file that could not be read.
        shards: In order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal["restora-pack-1"] = "restora-pack-1"
    kind: Kind
    title: str
    preparation: str
    originals: str
    skipped: tuple[str, ...]
    shards: tuple[ShardRecord, ...]


@dataclass(frozen=True)
class _Member:
    name: str
    shard: int
    places: tuple[Place, ...]  # clean; or clean and degraded


class Pack:
    """A pack that was opened: names, and pixels when asked for.

    Args:
        folder: Of the pack.

    Attributes:
        folder: Of the pack.
        index: What its index says.
        names: Of the photographs or pairs, in order.

    Raises:
        RestoraError: It is no pack, an unfinished one, or a shard is not as long as it should be.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.index = _read_index(self.folder)
        self._shards = [_open(self.folder / record.file, record) for record in self.index.shards]
        roles = ("clean",) if self.index.kind == "photographs" else ("clean", "degraded")
        self._members = [
            _Member(
                key[: -len("/clean")], number, tuple(shard.places[f"{key[:-6]}/{role}"] for role in roles)
            )
            for number, shard in enumerate(self._shards)
            for key in shard.places
            if key.endswith("/clean")
        ]
        self.names = tuple(member.name for member in self._members)
        self._maps: dict[int, NDArray[np.uint8]] = {}

    def photographs(self) -> "PackedPhotographs":
        """Return the photographs.

        Raises:
            RestoraError: The pack holds pairs.
        """
        self._require("photographs")
        return PackedPhotographs(self)

    def pairs(self) -> "PackedPairs":
        """Return the pairs.

        Raises:
            RestoraError: The pack holds photographs.
        """
        self._require("pairs")
        return PackedPairs(self)

    def images(self, number: int) -> tuple[NDArray[Any], ...]:
        """Return the clean image, and for pairs the degraded one: (H, W, C) each, read when its pixels are touched."""
        member = self._members[number]
        if member.shard not in self._maps:
            self._maps[member.shard] = self._shards[member.shard].map()
        pixels = self._maps[member.shard]
        return tuple(
            pixels[place.start : place.end].view(place.dtype).reshape(place.shape) for place in member.places
        )

    def __len__(self) -> int:
        return len(self._members)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the maps behind: a process that is started maps the files itself."""
        return {**self.__dict__, "_maps": {}}

    def __repr__(self) -> str:
        return f"<{self.folder}: {len(self)} {self.index.kind}, {self.index.preparation}>"

    def _require(self, kind: Kind) -> None:
        if self.index.kind != kind:
            raise RestoraError(f"{self.folder}: holds {self.index.kind}, not {kind}; name another pack")


class PackedPhotographs(Sequence[NDArray[np.uint8]]):
    """The photographs of a pack: (H, W, 3) uint8 each."""

    def __init__(self, pack: Pack, numbers: range | None = None) -> None:
        self.pack, self.numbers = pack, range(len(pack)) if numbers is None else numbers

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> "NDArray[np.uint8] | PackedPhotographs":
        """Return one photograph, or a part of them, unread."""
        if isinstance(index, slice):
            return type(self)(self.pack, self.numbers[index])
        return self.pack.images(self.numbers[index])[0]

    def __len__(self) -> int:
        return len(self.numbers)


class PackedPairs(Sequence[Pair]):
    """The pairs of a pack, at the depths of their files."""

    def __init__(self, pack: Pack, numbers: range | None = None) -> None:
        self.pack, self.numbers = pack, range(len(pack)) if numbers is None else numbers

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> "Pair | PackedPairs":
        """Return one pair, or a part of them, unread."""
        if isinstance(index, slice):
            return type(self)(self.pack, self.numbers[index])
        number = self.numbers[index]
        clean, degraded = self.pack.images(number)
        return Pair(self.pack.names[number], degraded, clean)

    def __len__(self) -> int:
        return len(self.numbers)


def _read_index(folder: Path) -> PackIndex:
    path = folder / INDEX
    if not folder.is_dir():
        raise RestoraError(f"{folder}: is no pack; make one with: restora pack INPUT -o {folder}")
    if not path.is_file():
        raise RestoraError(
            f"{folder}: is no pack, or an unfinished one; run restora pack again, and it goes on where it was"
        )
    try:
        return PackIndex.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise RestoraError(f"{path}: is no index of a pack ({reason}); pack again") from error


def _open(path: Path, record: ShardRecord) -> Shard:
    shard = read_shard(path)
    size = path.stat().st_size
    if size != record.bytes:
        raise RestoraError(f"{path}: is {size:,} bytes long instead of {record.bytes:,}; pack again")
    return shard
