"""Layouts where a text file says which two files are a pair."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from restora.datasets.inventory import Inventory
from restora.datasets.layouts.layout import Layout
from restora.datasets.pairs import Entry, name_uniquely
from restora.datasets.rules import SAME_NAME, Rule
from restora.datasets.search import Search, folder
from restora.datasets.sources import FileImage
from restora.errors import RestoraError


@dataclass(frozen=True)
class ListFile(Layout):
    """A list with two paths a line.

    Attributes:
        files: Names of the list, the preferred first; patterns, "{split}" stands for the split.
        first: Which of the two comes first in a line; it differs from set to set, so there is no default.
        rule: Its first pattern and its naming say how a pair is called by the path of its degraded image.
    """

    files: tuple[str, ...]
    first: Literal["clean", "degraded"]
    rule: Rule = SAME_NAME

    @property
    def tree(self) -> str:
        """The list in words."""
        return f"{self.files[0].format(split='SPLIT')} with two paths a line, the {self.first} image first"

    def scan(self, search: Search) -> Inventory | None:
        """Read the list and look for its files."""
        listed = self._find(search)
        if listed is None:
            return None
        lines = list(_lines(listed))
        base = _base(listed, lines, search)
        named, alone, absent = [], [], []
        for one, two in lines:
            clean, degraded = (one, two) if self.first == "clean" else (two, one)
            degraded_file, clean_file = base / degraded, base / clean
            if not degraded_file.is_file():
                absent.append(degraded_file)
            elif not clean_file.is_file():
                absent.append(clean_file)
                alone.append(degraded_file)
            else:
                stem = Path(degraded).with_suffix("").as_posix()
                short = self.rule.name(stem) if self.rule.degraded_key(stem) else stem.replace("/", "_")
                named.append((short, degraded, Entry(stem, FileImage(degraded_file), FileImage(clean_file))))
        return Inventory(
            layout=f"{self.name} ({listed.name})",
            places=(base,),
            entries=name_uniquely(named),
            alone=tuple(alone),
            absent=tuple(absent),
        )

    def _find(self, search: Search) -> Path | None:
        """The list, beside the images or up to two folders below; of several the one with the shortest name."""
        for pattern in self.files:
            name = pattern.format(split=search.split)
            for level in ("", "*/", "*/*/"):
                found = sorted(
                    search.root.glob(level + name), key=lambda path: (len(path.name), path.as_posix())
                )
                if found:
                    return found[0]
        return None


def _lines(listed: Path) -> Iterator[tuple[str, str]]:
    """Yield the two paths of every line, without a leading slash: they are relative all the same."""
    try:
        text = listed.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RestoraError(f"{listed}: cannot be read as a text file ({error}); fetch it again") from error
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise RestoraError(
                f"{listed}: line {number} holds {len(words)} words where two paths are expected; mend it"
            )
        yield words[0].lstrip("/"), words[1].lstrip("/")


def _base(listed: Path, lines: list[tuple[str, str]], search: Search) -> Path:
    """The folder that the paths are relative to: the one below which most of a few lines are found."""
    candidates = [search.root, listed.parent, search.root.absolute().parent]
    candidates += [place for name in search.set_folders if (place := folder(search.root, name)) is not None]
    few = lines[:: max(1, len(lines) // 16)]
    return max(
        candidates,
        key=lambda base: sum((base / path).is_file() for pair in few for path in pair),
        default=listed,
    )
