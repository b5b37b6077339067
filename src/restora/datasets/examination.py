"""Examining a benchmark on disk: is everything there, of the right number, sizes and depth?"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from restora.datasets.catalogue import benchmark, count_remark, find_benchmark
from restora.datasets.headers import Header
from restora.datasets.pairs import Entry
from restora.errors import RestoraError

MANY = 20
"""Lines of one kind that are worth reading."""


@dataclass(frozen=True)
class Examination:
    """What was found, for people and for programs.

    Attributes:
        benchmark: Name of the card.
        split: Name of the split.
        variant: Name of the variant, "" if there are none.
        layout: The layout that was recognised.
        places: The folders that hold it.
        pairs: How many complete pairs there are.
        published: How many there should be, None if that is not fixed.
        remark: What is odd about the number, "" if nothing.
        faults: A line for every file that is missing, unmatched, damaged or of another size than its partner.
        ignored: Files that are known to be surplus.
        degraded: Size, depth and format of the degraded images -> how many there are, the most frequent first.
        clean: The same of the clean ones.
    """

    benchmark: str
    split: str
    variant: str
    layout: str
    places: tuple[str, ...]
    pairs: int
    published: int | None
    remark: str
    faults: tuple[str, ...]
    ignored: tuple[str, ...]
    degraded: dict[str, int]
    clean: dict[str, int]

    @property
    def sound(self) -> bool:
        """Whether every file is as it should be; an odd number of pairs alone is no fault."""
        return not self.faults and self.pairs > 0


def examine(
    name: str,
    root: str | Path,
    *,
    split: str | None = None,
    variant: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Examination:
    """Examine a benchmark: which layout, how many pairs, what does not fit. Pixels are not decoded.

    Args:
        name: Of the benchmark.
        root: The folder of the benchmark, of its split, or one above.
        split: None for the first of the card.
        variant: None for the usual one.
        progress: Called with the number of pairs done and of all.

    Raises:
        RestoraError: There is no such benchmark, split or variant, or no known layout in the folder.
    """
    card = benchmark(name)
    found = find_benchmark(name, root, split=split, variant=variant)
    chosen = card.variant(variant)
    part = card.split(split, chosen)
    faults = list(found.faults)
    degraded: Counter[str] = Counter()
    clean: Counter[str] = Counter()
    for done, entry in enumerate(found.entries, start=1):
        try:
            one, two = _headers(entry)
        except RestoraError as error:
            faults.append(str(error))
        else:
            degraded[str(one)] += 1
            if two is not None:
                clean[str(two)] += 1
            if one.depth != card.bits and card.name != "folders":
                words = f"is of {one.depth} bits, but {card.title} of {card.bits}"
                faults.append(f"{entry.degraded.file}: {words}; fetch the authors' files")
        progress(done, len(found.entries))
    return Examination(
        benchmark=name,
        split=part.name,
        variant=chosen,
        layout=found.layout,
        places=tuple(map(str, found.places)),
        pairs=len(found.entries),
        published=part.pairs,
        remark=count_remark(part, len(found.entries)),
        faults=tuple(faults),
        ignored=tuple(map(str, found.ignored)),
        degraded=dict(degraded.most_common()),
        clean=dict(clean.most_common()),
    )


def _headers(entry: Entry) -> tuple[Header, Header | None]:
    """Both headers of a pair whose sizes fit."""
    one = entry.degraded.header()
    if entry.clean is None:
        return one, None
    two = entry.clean.header()
    entry.trim((one.height, one.width), (two.height, two.width))
    return one, two
