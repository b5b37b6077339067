"""Layouts whose files belong together by their place in the sorted folder, for their names differ."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from restora.datasets.inventory import Inventory
from restora.datasets.layouts.layout import Layout
from restora.datasets.pairs import Entry
from restora.datasets.search import Search, folder, images_below
from restora.datasets.sources import FileImage, Source, StackedImage
from restora.errors import RestoraError

_SHOTS = 2
"""By how much the shot numbers of one scene may differ."""


@dataclass(frozen=True)
class SortedFolders(Layout):
    """The i-th file of one folder belongs to the i-th of another.

    One file too few shifts all that follow, which no name betrays. So the numbers in the names are compared: where
    nearly all of them lie within two of each other, one that does not is an error.

    Attributes:
        degraded: Folder of the degraded images below the base; two for the left and right view of a dual-pixel sensor.
        clean: Folder of the clean images.
        bases: Folders that hold them, beside those named after the split and the benchmark.
        source: How a file is read.
        labels: (split, name of a file) of subsets: NumPy arrays of positions in the sorted folder, counted from 1.
    """

    degraded: tuple[str] | tuple[str, str]
    clean: str
    bases: tuple[str, ...] = ()
    source: Callable[[Path], Source] = FileImage
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def tree(self) -> str:
        """The folders in words."""
        return f"FOLDER/({' + '.join(self.degraded)} | {self.clean}), the i-th file belongs to the i-th file"

    def scan(self, search: Search) -> Inventory | None:
        """Look for the folders and pair their files in order."""
        labels = dict(self.labels).get(search.split)
        for base in search.bases(self.bases):
            places = [folder(base, name) for name in (*self.degraded, self.clean)]
            existing = tuple(place for place in places if place is not None)
            if len(existing) == len(places):
                found = self._pair(existing)
                return found if labels is None else _subset(found, base, labels)
        return None

    def _pair(self, places: tuple[Path, ...]) -> Inventory | None:
        files = [images_below(place) for place in places]
        if not any(files):
            return None
        *degraded, clean = files
        complaints = tuple(words for kind in degraded if (words := _shift(kind, clean, places)) is not None)
        if complaints:
            return Inventory(self.name, places, (), complaints=complaints)
        entries = []
        for row in zip(*files, strict=True):
            first: Source = StackedImage(row[0], row[1]) if len(degraded) == 2 else self.source(row[0])
            entries.append(Entry(row[0].stem, first, self.source(row[-1])))
        return Inventory(self.name, places, tuple(entries))


def _shift(degraded: list[Path], clean: list[Path], places: tuple[Path, ...]) -> str | None:
    """Say where two sorted folders stop to belong together, None if they seem to all along."""
    numbers = [_shot(path) for path in degraded], [_shot(path) for path in clean]
    apart = [i for i, (a, b) in enumerate(zip(*numbers, strict=False)) if abs(a - b) > _SHOTS]
    if len(degraded) != len(clean):
        first = min([*apart, len(degraded), len(clean)])
        suspect = (degraded if len(degraded) > first else clean)[first]
        kind = degraded[0].parent if degraded else places[0]
        return (
            f"{suspect}: may be the first without its partner, for {kind} holds {len(degraded)} images and"
            f" {places[-1]} {len(clean)}"
        )
    # Numbers that are far apart all along mean nothing; a few among many betray a gap on both sides.
    if 0 < len(apart) < len(degraded) / 2:
        i = apart[0]
        return f"{degraded[i]}: comes to stand beside {clean[i].name}, which is another shot; one lacks its partner"
    return None


def _shot(path: Path) -> int:
    """The last number in a name, 0 if there is none."""
    found = re.findall(r"\d+", path.stem)
    return int(found[-1]) if found else 0


def _subset(found: Inventory | None, base: Path, name: str) -> Inventory | None:
    if found is None or not found.entries:
        return found
    candidates = [base / name, *(place.parent / name for place in found.places)]
    labels = next((path for path in candidates if path.is_file()), None)
    if labels is None:
        raise RestoraError(
            f"{base / name}: is needed to tell this subset; it comes with Restormer's copy of the set"
        )
    try:
        positions = np.load(labels, allow_pickle=False).reshape(-1).astype(int)
    except (ValueError, OSError) as error:
        raise RestoraError(
            f"{labels}: is no plain NumPy array of numbers ({error}); fetch it again"
        ) from error
    if positions.size and not (positions.min() >= 1 and positions.max() <= len(found.entries)):
        raise RestoraError(
            f"{labels}: speaks of image {positions.max()} of {len(found.entries)}; complete the dataset first"
        )
    entries = tuple(found.entries[position - 1] for position in sorted(positions))
    return Inventory(f"{found.layout}, {labels.name}", found.places, entries)
