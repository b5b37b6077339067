"""What packs are made of: photographs and pairs that can be read, and told apart without reading them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from restora.datasets.pairs import Entry, Pairs
from restora.datasets.sources import load_rgb8
from restora.errors import RestoraError
from restora.images import ImageFile

Images = tuple[NDArray[Any], ...]
"""The clean image, and for a pair the degraded one."""


@dataclass(frozen=True)
class Original:
    """A photograph or a pair on disk.

    Attributes:
        name: Unique among those of a pack.
        files: What it is read from.
        read: Decodes it.
    """

    name: str
    files: tuple[Path, ...]
    read: Callable[[], Images]


def original_photographs(files: Iterable[ImageFile]) -> list[Original]:
    """Take photographs, which become 8-bit RGB.

    They are named by their paths below the folder that was given, and in full where two would be called alike.
    """
    files = list(files)
    names = [found.relative.as_posix() for found in files]
    times = Counter(names)
    return [
        Original(
            name if times[name] == 1 else found.path.as_posix(),
            (found.path,),
            partial(_photograph, found.path),
        )
        for name, found in zip(names, files, strict=True)
    ]


def original_pairs(pairs: Pairs) -> list[Original]:
    """Take the pairs of a dataset, which keep their depth.

    Raises:
        RestoraError: Their clean images are withheld.
    """
    if not pairs.has_clean:
        raise RestoraError(f"{pairs.title}: the clean images are withheld; name a split that has them")
    return [
        Original(entry.name, (*entry.clean.files, *entry.degraded.files), partial(_pair, entry))
        for entry in pairs.entries
        if entry.clean is not None
    ]


def _photograph(path: Path) -> Images:
    return (load_rgb8(path),)


def _pair(entry: Entry) -> Images:
    pair = entry.read()
    assert pair.clean is not None
    return pair.clean, pair.degraded


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
