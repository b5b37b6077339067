"""Layouts of two kinds of files in folders, paired by a rule for their names."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from restora.datasets.inventory import Inventory
from restora.datasets.layouts.layout import Layout
from restora.datasets.pairs import Entry, name_uniquely
from restora.datasets.rules import SAME_NAME, Rule
from restora.datasets.search import Search, alternatives, folder, folder_anywhere, images_below
from restora.datasets.sources import FileImage

USUAL_DEGRADED = (
    "{input,inputs,lq,degraded,blur,blurry,rain,rainy,hazy,haze,snow,noisy,in,input_crops,low,synthetic}"
)
USUAL_CLEAN = (
    "{target,targets,gt,clean,clear,sharp,norain,groundtruth,ground_truth,hq,target_crops,gt_crops,high}"
)


@dataclass(frozen=True)
class Folders(Layout):
    """Degraded images in one folder, clean ones in another (or both in one tree), names paired by a rule.

    Attributes:
        degraded: Folder of the degraded images below the base, braces for alternatives, "." for the base itself.
        clean: Folder of the clean images.
        rule: Which belong together.
        bases: Folders that hold both, beside those named after the split and the benchmark.
        anywhere: Name of a folder that holds both, to be searched at any depth.
        recursive: Whether the images lie in folders below those.
        shared: Whether the clean folder also serves other splits, so that clean images may be left over.
        ignore: Pattern of the names (without suffix) of surplus files.
        border: Pixels that clean images may have more on every side.
        words: What to call the folders; empty to list them.
        numbered: Whether one folder holds several splits, told apart by the number that the rule's first group is.
    """

    degraded: str
    clean: str
    rule: Rule = SAME_NAME
    bases: tuple[str, ...] = ()
    anywhere: str = ""
    recursive: bool = False
    shared: bool = False
    ignore: str = ""
    border: int = 0
    words: str = ""
    numbered: bool = False

    @property
    def tree(self) -> str:
        """The folders and the rule in words."""
        if self.words:
            return self.words
        where = f"{self.anywhere or (self.bases[0] if self.bases else 'FOLDER')}"
        kinds = "" if self.degraded == self.clean == "." else f"/({self.degraded} | {self.clean})"
        return f"{where}{kinds}, {self.rule.words}"

    def scan(self, search: Search) -> Inventory | None:
        """Look for the two folders and pair what is in them."""
        if self.anywhere:
            top = folder_anywhere(search.root, self.anywhere)
            bases = iter(()) if top is None else iter((top,))
        else:
            bases = search.bases(self.bases)
        best: Inventory | None = None
        for base in bases:
            for degraded, clean in self._folders(base):
                found = self._pair(degraded, clean, search)
                if found.entries:
                    return found
                if found.alone and best is None:
                    best = found
        return best

    def _folders(self, base: Path) -> list[tuple[Path, Path]]:
        """Every two folders below a base that may be meant, the preferred first."""
        degraded = [place for name in alternatives(self.degraded) if (place := folder(base, name))]
        clean = [place for name in alternatives(self.clean) if (place := folder(base, name))]
        return [(d, c) for d in degraded for c in clean if d != c or self.degraded == self.clean]

    def _pair(self, degraded: Path, clean: Path, search: Search) -> Inventory:
        inputs, targets = stems_below(degraded, self.recursive), []
        if degraded == clean:
            targets = [(path, stem) for path, stem in inputs if self.rule.clean_key(stem)]
            inputs = [(path, stem) for path, stem in inputs if self.rule.degraded_key(stem)]
        else:
            targets = stems_below(clean, self.recursive)
        return pair_by_rule(self, tuple(dict.fromkeys((degraded, clean))), inputs, targets, search)


def stem_below(place: Path, path: Path) -> str:
    """Path below a folder with "/" and without suffix: what the rules speak of."""
    return path.relative_to(place).with_suffix("").as_posix()


def stems_below(place: Path, recursive: bool) -> list[tuple[Path, str]]:
    """List the images of a folder, each with what the rules speak of."""
    return [(path, stem_below(place, path)) for path in images_below(place, recursive=recursive)]


def pair_by_rule(
    layout: Folders,
    places: tuple[Path, ...],
    degraded: Sequence[tuple[Path, str]],
    clean: Sequence[tuple[Path, str]],
    search: Search,
) -> Inventory:
    """Pair files by the rule of a layout.

    Args:
        layout: Its rule, border and surplus names.
        places: The folders, for the inventory.
        degraded: (file, path below its folder without suffix).
        clean: The same of the clean images.
        search: Says which numbers are wanted.
    """
    ignored: list[Path] = []
    foreign: list[Path] = []

    def keyed(
        files: Sequence[tuple[Path, str]], key_of: Callable[[str], tuple[str, ...] | None]
    ) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
        for path, stem in files:
            key = key_of(stem)
            if layout.ignore and re.fullmatch(layout.ignore, path.stem):
                ignored.append(path)
            elif key is None:
                foreign.append(path)
            elif not layout.numbered or search.wants(key):
                yield path, stem, key

    partners: dict[tuple[str, ...], list[Path]] = {}
    for path, _, key in keyed(clean, layout.rule.clean_key):
        partners.setdefault(key, []).append(path)
    if layout.shared:
        foreign.clear()
    named: list[tuple[str, str, Entry]] = []
    alone: list[Path] = []
    used: set[Path] = set()
    for path, stem, key in keyed(degraded, layout.rule.degraded_key):
        candidates = partners.get(key, [])
        # 1.jpg beside 1.png: the partner of the same suffix is meant, and without one none is.
        same = [c for c in candidates if c.suffix.lower() == path.suffix.lower()]
        chosen = candidates if len(candidates) == 1 else same
        if len(chosen) != 1:
            alone.append(path)
            continue
        used.add(chosen[0])
        entry = Entry(stem, FileImage(path), FileImage(chosen[0]), layout.border)
        named.append((layout.rule.name(stem), stem + path.suffix, entry))
    everything = (path for paths in partners.values() for path in paths)
    unused = () if layout.shared else tuple(path for path in everything if path not in used)
    return Inventory(
        layout=layout.name,
        places=places,
        entries=name_uniquely(named),
        alone=tuple(alone),
        unused=unused,
        foreign=tuple(foreign),
        ignored=tuple(ignored),
    )


def usual_folders(*, ignore: str = "", border: int = 0, variants: tuple[str, ...] = ()) -> Folders:
    """Return the layout that most repackaged sets have: two folders of any usual names, identical file names."""
    return Folders(
        "repackaged",
        USUAL_DEGRADED,
        USUAL_CLEAN,
        ignore=ignore,
        border=border,
        variants=variants,
        words="two folders such as input and target, lq and gt, hazy and clear, with the same file names",
    )
