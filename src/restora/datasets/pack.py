"""Packs: training data decoded once and read through memory mapping.

A pack is a folder. Its shards are flat ``.npy`` files of bytes, about 256 MB each, with the bare pixels of photographs or
pairs; beside each a ``.json`` says which image lies where, and ``index.json`` comes last. So any program reads it, nothing in
it can execute code, a crop touches only the pages it lies on, the pages are shared between worker processes, and what is
in memory is the business of the system. One ``.npy`` for each image would be opened for each crop, which takes ten times
as long; LMDB, which others use, needs one more library and holds encoded images, which every crop decodes anew.
"""

import json
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, overload

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from restora.datasets.epochs import StreamOrder
from restora.datasets.pairs import Pair
from restora.datasets.remote_shards import KEPT_GIGABYTES, RemoteShards
from restora.errors import RestoraError
from restora.urls import is_url

Kind = Literal["photographs", "pairs"]
INDEX = "index.json"
_READERS = 4  # threads that read for a checksum, since one seldom keeps a disk busy
_T = TypeVar("_T", covariant=True)
_R = TypeVar("_R", bound=BaseModel)


class Place(NamedTuple):
    """Where an array lies in a shard.

    Attributes:
        dtype: Of its values.
        shape: (H, W, C).
        start: Its first byte, counted from the first pixel of the shard.
    """

    dtype: Literal["uint8", "uint16", "float32"]
    shape: tuple[int, int, int]
    start: int


class PackedImage(BaseModel):
    """A photograph or a pair in a shard.

    Attributes:
        name: Unique in the pack.
        places: Of the clean image, and of the degraded one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    places: tuple[Place] | tuple[Place, Place]


class Shard(BaseModel):
    """What is in a shard.

    Attributes:
        bytes: Length of its file.
        crc32: Checksum of its file; ``None`` in packs of before there was one.
        originals: Digest of the originals it was made from, and of the preparation.
        done: How many originals are in this shard and those before it, or were skipped.
        skipped: A line for each original that could not be read.
        images: In order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    bytes: int
    crc32: int | None = None
    originals: str
    done: int
    skipped: tuple[str, ...]
    images: tuple[PackedImage, ...]


class PackIndex(BaseModel):
    """The index of a pack.

    Attributes:
        format: Version of the format.
        kind: Photographs, or pairs.
        title: Where they come from.
        preparation: How they were cut, in words.
        originals: Digest of the names, lengths and dates of the files they were made from, and of the preparation.
        skipped: A line for each file that could not be read.
        shards: How many there are.
        descriptions: Checksums of the files that say what is in them; none in packs of before there were any.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal["restora-pack-2"] = "restora-pack-2"
    kind: Kind
    title: str
    preparation: str
    originals: str
    skipped: tuple[str, ...]
    shards: int
    descriptions: tuple[int, ...] = ()


class Packed(Sequence[_T]):
    """Photographs or pairs of a pack, each read when it is asked for."""

    def __init__(self, read: Callable[[int], _T], numbers: range) -> None:
        self._read, self._numbers = read, numbers

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> "Packed[_T]": ...
    def __getitem__(self, index: int | slice) -> "_T | Packed[_T]":
        """Return one, or a part of them, unread."""
        if isinstance(index, slice):
            return Packed(self._read, self._numbers[index])
        return self._read(self._numbers[index])

    def __len__(self) -> int:
        return len(self._numbers)


class Pack:
    """A pack that was opened: names, and pixels when asked for.

    Of a pack elsewhere, ``s3://bucket/photos.pack``, what says what is in it is fetched at once, each shard when a crop needs it.

    Args:
        folder: Of the pack, or its URL.
        check: Also read all pixels, and compare their checksums. They are in memory then, as far as there is room. Those of
            a pack elsewhere are compared when they are fetched.
        gigabytes: How much of a pack elsewhere is kept on this machine's disk.

    Attributes:
        folder: Of the pack.
        index: What its index says.
        shards: What is in its shards.
        names: Of the photographs or pairs, in order.

    Raises:
        RestoraError: It is no pack, an unfinished or an old one, or a shard is damaged.

    Example:
        >>> import tempfile
        >>> from restora.datasets import write_pack
        >>> from restora.datasets.originals import original_photographs
        >>> from restora.images import Photograph, find_images
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Photograph(np.zeros((6, 8, 3), np.uint8)).save(Path(folder) / "1.png")
        ...     originals = original_photographs(find_images([folder]))
        ...     _ = write_pack(originals, f"{folder}/my.pack", kind="photographs", title="mine")
        ...     pack = Pack(f"{folder}/my.pack")
        ...     pack.names, pack.photographs()[0].shape
        (('1.png',), (6, 8, 3))
    """

    def __init__(self, folder: str | Path, *, check: bool = True, gigabytes: float = KEPT_GIGABYTES) -> None:
        self.remote = RemoteShards(str(folder), gigabytes) if is_url(folder) else None
        self.folder = Path(folder) if self.remote is None else self.remote.folder
        self.index = (
            _read_index(self.folder) if self.remote is None else self.remote.open(INDEX, None, _index_in)
        )
        for number, expected in enumerate(self.index.descriptions):
            if self.remote is None:
                _check(self.folder / shard_files(number)[1], expected)
        with ThreadPoolExecutor(_READERS) as pool:
            self.shards = list(pool.map(lambda number: self._shard(number, check), range(self.index.shards)))
        self._images = [(number, image) for number, shard in enumerate(self.shards) for image in shard.images]
        self.names = tuple(image.name for _, image in self._images)
        self._maps: dict[int, NDArray[np.uint8]] = {}

    def photographs(self) -> Packed[NDArray[np.uint8]]:
        """Return the photographs, (H, W, 3) uint8 each.

        Raises:
            RestoraError: The pack holds pairs.
        """
        return Packed(self._photograph, self._numbers("photographs"))

    def pairs(self) -> Packed[Pair]:
        """Return the pairs, at the depths of their files.

        Raises:
            RestoraError: The pack holds photographs.
        """
        return Packed(self._pair, self._numbers("pairs"))

    def streams(self, seed: int) -> StreamOrder | None:
        """Return the order in which to visit a pack that lies elsewhere, for batches of one; ``None`` for one on this machine."""
        if self.remote is None:
            return None
        return StreamOrder([len(shard.images) for shard in self.shards], seed, streams=1)

    def images(self, number: int) -> tuple[NDArray[Any], ...]:
        """Return the clean image, and for pairs the degraded one: (H, W, C) each, read when its pixels are touched."""
        shard, image = self._images[number]
        if shard not in self._maps:
            name = shard_files(shard)[0]
            if self.remote is None:
                self._maps[shard] = _map(self.folder / name)
            else:
                found = self.remote.open(name, self.shards[shard].crc32, _map)
                # The disk has no room for what was removed before nothing maps it.
                self._maps = {
                    n: m for n, m in self._maps.items() if (self.folder / shard_files(n)[0]).exists()
                }
                self._maps[shard] = found
        pixels = self._maps[shard]
        return tuple(np.ndarray(shape, dtype, pixels, start) for dtype, shape, start in image.places)

    def __len__(self) -> int:
        return len(self._images)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the maps behind: a process that is started maps the files itself."""
        return {**self.__dict__, "_maps": {}}

    def __repr__(self) -> str:
        return f"<{self.folder}: {len(self)} {self.index.kind}, {self.index.preparation}>"

    def _shard(self, number: int, check: bool) -> Shard:
        if self.remote is None:
            return read_shard(self.folder, number, check=check)
        crc32 = self.index.descriptions[number] if self.index.descriptions else None
        return self.remote.open(shard_files(number)[1], crc32, lambda path: _read(Shard, path))

    def _numbers(self, kind: Kind) -> range:
        if self.index.kind != kind:
            raise RestoraError(f"{self.folder}: holds {self.index.kind}, not {kind}; name another pack")
        return range(len(self))

    def _photograph(self, number: int) -> NDArray[np.uint8]:
        return self.images(number)[0]

    def _pair(self, number: int) -> Pair:
        clean, degraded = self.images(number)
        return Pair(self.names[number], degraded, clean)


def shard_files(number: int) -> tuple[str, str]:
    """Return the names of a shard's pixels and of the file that says what they are."""
    return f"{number:05d}.npy", f"{number:05d}.json"


def read_shard(folder: Path, number: int, *, check: bool = True) -> Shard:
    """Read what is in a shard, and check the length of its file, and the checksum if that is asked for.

    Raises:
        RestoraError: A file is missing, damaged, or not as long as it should be.
    """
    path, description = (folder / name for name in shard_files(number))
    shard = _read(Shard, description)
    if not path.is_file():
        raise RestoraError(f"{path}: is not there; copy it again or pack again")
    if (size := path.stat().st_size) != shard.bytes:
        raise RestoraError(
            f"{path}: is {size:,} bytes long instead of {shard.bytes:,}; copy it again or pack again"
        )
    if check and shard.crc32 is not None:
        _check(path, shard.crc32)
    return shard


def crc32_of(path: Path) -> int:
    """Return the checksum of a file, which finds every damage of up to 32 bits in a row."""
    found, buffer = 0, bytearray(1 << 20)
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            found = zlib.crc32(memoryview(buffer)[:count], found)
    return found


def _check(path: Path, expected: int) -> None:
    if path.is_file() and crc32_of(path) != expected:
        raise RestoraError(f"{path}: is damaged, its checksum is another; copy it again or pack again")


def _map(path: Path) -> NDArray[np.uint8]:
    """Map the pixels of a shard; unlike that of NumPy this map keeps no file open, of which a process may have few."""
    with path.open("rb") as stream:
        np.lib.format.read_magic(stream)
        (length,), _, _ = np.lib.format.read_array_header_1_0(stream)
        start = stream.tell()
    return torch.from_file(str(path), shared=False, size=start + length, dtype=torch.uint8).numpy()[start:]


def _read_index(folder: Path) -> PackIndex:
    path = folder / INDEX
    if not folder.is_dir():
        raise RestoraError(f"{folder}: is no pack; make one with: restora pack INPUT -o {folder}")
    if not path.is_file():
        raise RestoraError(
            f"{folder}: is no pack, or an unfinished one; run restora pack again, and it goes on where it was"
        )
    return _index_in(path)


def _index_in(path: Path) -> PackIndex:
    index = _read(PackIndex, path)
    if index.descriptions and len(index.descriptions) != index.shards:
        raise RestoraError(f"{path}: is damaged, it does not know how many shards there are; pack again")
    return index


def _read(record: type[_R], path: Path) -> _R:
    try:
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and content.get("format") == "restora-pack-1":
            raise RestoraError(
                f"{path.parent}: was packed by an older restora; remove it and make it again with:"
                f" restora pack INPUT -o {path.parent}"
            )
        return record.model_validate(content)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise RestoraError(f"{path}: is no index of a pack ({reason}); pack again") from error
