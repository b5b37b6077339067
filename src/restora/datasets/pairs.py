"""Pairs of a degraded and a clean image, read when they are asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

from numpy.typing import NDArray

from restora.datasets.sources import Source
from restora.errors import RestoraError

Pixels = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pair:
    """What a network is given and what it should return.

    Attributes:
        name: Unique in its dataset and the same on every machine.
        degraded: (H, W, 3) RGB, or (H, W, 6) for the left and right views of a dual-pixel sensor; uint8, uint16 (full
            range) or float32 in about [0, 1].
        clean: (H, W, 3) RGB of the same height and width; None where the authors keep it on their server.

    Example:
        >>> import numpy as np
        >>> pair = Pair("1", degraded=np.zeros((6, 8, 3), np.uint8), clean=None)
        >>> pair.degraded.shape, pair.clean is None
        ((6, 8, 3), True)
    """

    name: str
    degraded: Pixels
    clean: Pixels | None


@dataclass(frozen=True)
class Entry:
    """Where the two images of a pair are.

    Attributes:
        name: Of the pair.
        degraded: Of the degraded image.
        clean: Of the clean one; None where it is withheld.
        border: Pixels that the clean image may have more on every side, which are then cut off.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from restora.datasets.sources import FileImage
        >>> from restora.images import Photograph
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "1.png"
        ...     _ = Photograph(np.zeros((6, 8, 3), np.uint8)).save(path)
        ...     Entry("1", FileImage(path), None).read().degraded.shape
        (6, 8, 3)
    """

    name: str
    degraded: Source
    clean: Source | None
    border: int = 0

    def read(self) -> Pair:
        """Read both images.

        Raises:
            RestoraError: A file cannot be read, or the two are not of one size; nothing is ever resized.
        """
        degraded = self.degraded.read()
        if self.clean is None:
            return Pair(self.name, degraded, None)
        clean = self.clean.read()
        trim = self.trim(degraded.shape[:2], clean.shape[:2])
        if trim:
            clean = clean[trim:-trim, trim:-trim]
        return Pair(self.name, degraded, clean)

    def trim(self, degraded: tuple[int, ...], clean: tuple[int, ...]) -> int:
        """Pixels to cut off every side of a clean image, given (height, width) of both.

        Raises:
            RestoraError: The sizes differ by anything but the border.
        """
        excess = (clean[0] - degraded[0], clean[1] - degraded[1])
        if excess == (0, 0):
            return 0
        if self.border and excess == (2 * self.border, 2 * self.border):
            return self.border
        assert self.clean is not None
        raise RestoraError(
            f"{self.clean.file}: is {clean[1]}x{clean[0]}, but {self.degraded.file} is {degraded[1]}x{degraded[0]};"
            " take both from the same release of the dataset"
        )


class Pairs(Sequence[Pair]):
    """A dataset: entries in a fixed order, each read when it is asked for.

    Args:
        entries: Of unique names.
        title: What the dataset is, for messages.
        remarks: What its user should be told, such as a number of pairs that is not the published one.

    Raises:
        RestoraError: There is no entry, or a name comes twice.

    Example:
        >>> from restora.datasets.sources import FileImage
        >>> from pathlib import Path
        >>> pairs = Pairs([Entry(n, FileImage(Path(n)), None) for n in "ab"], title="two")
        >>> pairs.names, len(pairs[1:])
        (('a', 'b'), 1)
    """

    def __init__(self, entries: Iterable[Entry], *, title: str, remarks: Iterable[str] = ()) -> None:
        self.entries, self.title, self.remarks = tuple(entries), title, tuple(remarks)
        if not self.entries:
            raise RestoraError(f"{title}: holds no pairs")
        seen: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.name in seen:
                first, second = seen[entry.name].degraded.file, entry.degraded.file
                raise RestoraError(f"{second}: has the same name as {first}; rename or remove one of them")
            seen[entry.name] = entry
        self._by_name = seen

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pairs, in order."""
        return tuple(self._by_name)

    @property
    def has_clean(self) -> bool:
        """Whether every pair has a clean image, so that it can be scored here."""
        return all(entry.clean is not None for entry in self.entries)

    def only(self, names: Iterable[str]) -> "Pairs":
        """Return the pairs of these names, in the order of the names.

        Raises:
            RestoraError: A name is not in the dataset.
        """
        wanted = tuple(dict.fromkeys(names))
        for name in wanted:
            if name not in self._by_name:
                raise RestoraError(
                    f"{self.title}: has no pair {name!r}; names look like {next(iter(self._by_name))!r}"
                )
        return Pairs(
            (self._by_name[name] for name in wanted),
            title=self.title,
            remarks=(*self.remarks, f"{len(wanted)} of {len(self)} pairs chosen by name"),
        )

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> "Pairs": ...
    def __getitem__(self, index: int | slice) -> "Pair | Pairs":
        """Read one pair, or return a part of the dataset, unread."""
        if isinstance(index, slice):
            return Pairs(self.entries[index], title=self.title, remarks=self.remarks)
        return self.entries[index].read()

    def __repr__(self) -> str:
        return f"<{self.title}: {len(self)} pairs>"


def name_uniquely(named: Sequence[tuple[str, str, Entry]]) -> tuple[Entry, ...]:
    """Give entries their short names, and longer ones to those whose short name is taken.

    Args:
        named: (short name, path below the folder with its suffix, entry); the paths are unique.
    """
    counts: dict[str, int] = {}
    for short, _, _ in named:
        counts[short] = counts.get(short, 0) + 1
    return tuple(replace(entry, name=short if counts[short] == 1 else path) for short, path, entry in named)
