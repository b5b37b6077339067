"""Layouts of files that hold a degraded and a clean image side by side."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from restora.datasets.headers import read_header
from restora.datasets.inventory import Inventory
from restora.datasets.layouts.folders import USUAL_CLEAN, USUAL_DEGRADED, stem_below
from restora.datasets.layouts.layout import Layout
from restora.datasets.pairs import Entry, name_uniquely
from restora.datasets.rules import SAME_NAME, Rule
from restora.datasets.search import Search, alternatives, images_below
from restora.datasets.sources import HalfImage


@dataclass(frozen=True)
class Halves(Layout):
    """One file a pair, the two images side by side.

    Which side is which differs from set to set (DID: clean right; Rain800: clean left), so there is no default.

    Attributes:
        clean_side: Where the clean image is.
        bases: Folders that hold the files, beside those named after the split and the benchmark.
        recursive: Whether the files lie in folders below those.
        rule: Its first pattern says which files belong to the set, its naming how a pair is called.
    """

    clean_side: Literal["left", "right"]
    bases: tuple[str, ...] = ()
    recursive: bool = False
    rule: Rule = SAME_NAME

    @property
    def tree(self) -> str:
        """The folders in words."""
        return f"{self.bases[0] if self.bases else 'FOLDER'}, both images in one file, the clean one {self.clean_side}"

    def scan(self, search: Search) -> Inventory | None:
        """Take the first folder that holds wide images."""
        for base in search.bases(self.bases):
            files = images_below(base, recursive=self.recursive)
            fitting = [path for path in files if self.rule.degraded_key(stem_below(base, path)) is not None]
            if fitting and _may_be_halves(base, fitting[0]):
                return self._inventory(base, files)
        return None

    def _inventory(self, base: Path, files: list[Path]) -> Inventory:
        named, foreign = [], []
        degraded_side: Literal["left", "right"] = "left" if self.clean_side == "right" else "right"
        for path in files:
            stem = stem_below(base, path)
            if self.rule.degraded_key(stem) is None:
                foreign.append(path)
                continue
            entry = Entry(stem, HalfImage(path, degraded_side), HalfImage(path, self.clean_side))
            named.append((self.rule.name(stem), stem + path.suffix, entry))
        return Inventory(
            layout=self.name, places=(base,), entries=name_uniquely(named), foreign=tuple(foreign)
        )


def _may_be_halves(base: Path, first: Path) -> bool:
    """Tell whether a folder holds double images, rather than one kind of an already divided set."""
    if base.absolute().name.casefold() in (*alternatives(USUAL_DEGRADED), *alternatives(USUAL_CLEAN)):
        return False
    header = read_header(first)
    return header.width % 2 == 0 and header.width > header.height
