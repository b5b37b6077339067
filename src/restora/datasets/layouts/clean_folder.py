"""Layouts of clean images alone, whose degraded partners are made by adding noise."""

import re
from dataclasses import dataclass

from restora.datasets.inventory import Inventory
from restora.datasets.pairs import Entry, name_uniquely
from restora.datasets.search import Search, images_below
from restora.datasets.sources import FileImage, NoisyImage
from restora.errors import RestoraError


@dataclass(frozen=True)
class CleanFolder:
    """A folder of clean images; the variant "sigma-N" says how much noise is added.

    Attributes:
        name: Who lays it out so.
        bases: Folders that hold them, beside those named after the split and the benchmark.
        splits: The splits this layout serves; empty for all.
        variants: The variants it serves; empty for all.
    """

    name: str
    bases: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def tree(self) -> str:
        """The folder in words."""
        return "FOLDER with clean images of any format"

    def scan(self, search: Search) -> Inventory | None:
        """Take the first folder that holds images."""
        sigma = _sigma(search.variant)
        for base in search.bases(self.bases):
            files = [path for path in images_below(base) if search.wants((path.stem,))]
            if files:
                named = [
                    (path.stem, path.name, Entry(path.stem, NoisyImage(path, sigma), FileImage(path)))
                    for path in files
                ]
                return Inventory(self.name, (base,), name_uniquely(named))
        return None


def _sigma(variant: str) -> float:
    """Return the standard deviation in grey levels that a variant names.

    Example:
        >>> _sigma("sigma-25")
        25.0
    """
    found = re.fullmatch(r"sigma-(\d+(?:\.\d+)?)", variant)
    if found is None:
        raise RestoraError(f"{variant!r}: is no strength of noise; write sigma-25, for example")
    return float(found[1])
