"""Finding the folders of a benchmark below the one its user names, which may be any of several levels."""

import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from restora.errors import RestoraError
from restora.images import IMAGE_SUFFIXES
from restora.images.folders import natural_key

SPLIT_FOLDERS = frozenset(
    ("train", "training", "test", "testing", "val", "valid", "validation", "train2500", "test2000")
)
"""What folders of a split are called, whatever the benchmark, in lower case."""


@dataclass(frozen=True)
class Search:
    """Where and what to look for.

    Attributes:
        root: The folder that the user named.
        split: Name of the split.
        split_folders: What the folder of the split is called.
        set_folders: What the folder of the benchmark is called.
        variant: Name of the variant, "" if there are none.
        numbers: The first and last number of the images wanted; None for all.
    """

    root: Path
    split: str
    split_folders: tuple[str, ...] = ()
    set_folders: tuple[str, ...] = ()
    variant: str = ""
    numbers: tuple[int, int] | None = None

    def bases(self, extra: tuple[str, ...] = ()) -> Iterator[Path]:
        """Folders that may hold the split: those named, split and set in both orders, either alone, the root itself.

        The root itself is left out when its name is that of another split, lest training images pass for test images.
        """
        names = [*extra, *(f"{s}/{d}" for s, d in itertools.product(self.split_folders, self.set_folders))]
        names += [f"{d}/{s}" for s, d in itertools.product(self.split_folders, self.set_folders)]
        names += [*self.split_folders, *self.set_folders]
        seen = set()
        for name in names:
            base = folder(self.root, name)
            if base is not None and base not in seen:
                seen.add(base)
                yield base
        own = self.root.absolute().name.casefold()
        if own not in SPLIT_FOLDERS or own in (name.casefold() for name in self.split_folders):
            yield self.root

    def wants(self, key: tuple[str, ...]) -> bool:
        """Tell whether an image with this key belongs to the split."""
        if self.numbers is None:
            return True
        return key[0].isdecimal() and self.numbers[0] <= int(key[0]) <= self.numbers[1]


def folder(base: Path, name: str) -> Path | None:
    """Find a folder below another, in any spelling of upper and lower case.

    Args:
        base: An existing folder.
        name: Path below it with "/"; "." for itself.
    """
    place = base
    for part in name.split("/"):
        if part == ".":
            continue
        exact = place / part
        if exact.is_dir():
            place = exact
            continue
        if not place.is_dir():
            return None
        same = (entry for entry in os.scandir(place) if entry.name.casefold() == part.casefold())
        found = next((entry.path for entry in same if entry.is_dir()), None)
        if found is None:
            return None
        place = Path(found)
    return place if place.is_dir() else None


def folder_anywhere(root: Path, name: str, *, depth: int = 8) -> Path | None:
    """Find the folder of that name at any depth below another, the highest first; the folder itself counts, too."""
    level = [root]
    for _ in range(depth):
        for place in level:
            if place.absolute().name.casefold() == name.casefold():
                return place
        level = [
            Path(entry.path)
            for place in level
            for entry in sorted(os.scandir(place), key=lambda entry: entry.name)
            if entry.is_dir(follow_symlinks=False)
        ]
    return None


def alternatives(pattern: str) -> tuple[str, ...]:
    """Write out the braces of a pattern.

    Example:
        >>> alternatives("{a,b}/c{1,2}")
        ('a/c1', 'a/c2', 'b/c1', 'b/c2')
    """
    pieces = re.split(r"\{([^}]*)\}", pattern)
    choices = [piece.split(",") if i % 2 else [piece] for i, piece in enumerate(pieces)]
    return tuple("".join(choice) for choice in itertools.product(*choices))


def images_below(place: Path, *, recursive: bool = False) -> list[Path]:
    """List the image files of a folder, as people count; links to files count, for copies of clean images often are.

    Raises:
        RestoraError: The folder may not be read.
    """
    pending, found = [place], []
    while pending:
        current = pending.pop()
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir():
                        if recursive and not entry.is_symlink():
                            pending.append(Path(entry.path))
                    elif os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES:  # noqa: PTH122 - many files
                        found.append(Path(entry.path))
        except OSError as error:
            raise RestoraError(
                f"{current}: may not be read ({error.strerror}); give yourself permission"
            ) from error
    return sorted(found, key=lambda path: natural_key(path.relative_to(place)))
