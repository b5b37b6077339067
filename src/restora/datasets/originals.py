"""What packs are made of: photographs and pairs that can be read, and told apart without reading them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from restora.datasets.pairs import Entry, Pairs
from restora.datasets.sources import load_rgb8
from restora.errors import RestoraError
from restora.images import ImageFile

Images = tuple[NDArray[Any], ...]
"""The clean image, and for a pair the degraded one."""


class Original(Protocol):
    """A photograph or a pair on disk."""

    @property
    def name(self) -> str:
        """Unique among those of a pack."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """What it is read from."""
        ...

    def read(self) -> Images:
        """Decode it."""
        ...


@dataclass(frozen=True)
class OriginalPhotograph:
    """A clean photograph, which becomes 8-bit RGB."""

    name: str
    path: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """The one file."""
        return (self.path,)

    def read(self) -> Images:
        """Decode it."""
        return (load_rgb8(self.path),)


@dataclass(frozen=True)
class OriginalPair:
    """A pair, which keeps its depth."""

    entry: Entry

    @property
    def name(self) -> str:
        """Of the pair."""
        return self.entry.name

    @property
    def files(self) -> tuple[Path, ...]:
        """The clean file, then the degraded one."""
        assert self.entry.clean is not None
        return self.entry.clean.file, self.entry.degraded.file

    def read(self) -> Images:
        """Decode both."""
        pair = self.entry.read()
        assert pair.clean is not None
        return pair.clean, pair.degraded


def original_photographs(files: Iterable[ImageFile]) -> list[OriginalPhotograph]:
    """Name photographs by their paths below the folder that was given, and in full where two would be called alike."""
    files = list(files)
    names = [found.relative.as_posix() for found in files]
    times = Counter(names)
    return [
        OriginalPhotograph(name if times[name] == 1 else found.path.as_posix(), found.path)
        for name, found in zip(names, files, strict=True)
    ]


def original_pairs(pairs: Pairs) -> list[OriginalPair]:
    """Take the pairs of a dataset.

    Raises:
        RestoraError: Their clean images are withheld.
    """
    if not pairs.has_clean:
        raise RestoraError(f"{pairs.title}: the clean images are withheld; name a split that has them")
    return [OriginalPair(entry) for entry in pairs.entries]


def digest(originals: Sequence[Original], preparation: object) -> str:
    """Return a fingerprint of the names, lengths and dates of files, and of what is done to them.

    Raises:
        RestoraError: A file is not there.
    """
    total = hashlib.sha256(repr(preparation).encode())
    for original in originals:
        total.update(repr(original.name).encode())
        for file in original.files:
            try:
                facts = file.stat()
            except OSError as error:
                raise RestoraError(
                    f"{file}: cannot be looked at ({error.strerror}); check that it is there"
                ) from error
            total.update(f" {facts.st_size} {facts.st_mtime_ns}".encode())
    return total.hexdigest()
