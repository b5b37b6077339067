"""The catalogue: every benchmark by its name, and opening one wherever and however it lies on disk."""

from pathlib import Path

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.cards.blur import BLUR
from restora.datasets.cards.haze import HAZE
from restora.datasets.cards.noise import NOISE
from restora.datasets.cards.own import OWN, PHOTOGRAPHS
from restora.datasets.cards.rain import RAIN
from restora.datasets.cards.rain13k import RAIN13K
from restora.datasets.cards.snow import SNOW
from restora.datasets.inventory import Inventory, better
from restora.datasets.pairs import Pairs
from restora.datasets.search import SPLIT_FOLDERS, Search
from restora.errors import RestoraError

BENCHMARKS: dict[str, Benchmark] = {
    card.name: card for card in (*BLUR, *NOISE, *RAIN13K, *RAIN, *SNOW, *HAZE, OWN, PHOTOGRAPHS)
}
"""Every card by its name, grouped by task."""


def benchmark(name: str) -> Benchmark:
    """Return the card of a benchmark.

    Raises:
        RestoraError: There is none; the message lists those there are.

    Example:
        >>> benchmark("gopro").title
        'GoPro'
    """
    if name not in BENCHMARKS:
        raise RestoraError(f"unknown benchmark {name!r}; there are: {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]


def add_benchmark(card: Benchmark) -> None:
    """Make a benchmark known by its name.

    Raises:
        RestoraError: It is no `Benchmark`, or another one has its name.

    Example:
        >>> from dataclasses import replace
        >>> add_benchmark(replace(benchmark("gopro"), name="my-gopro"))
        >>> benchmark("my-gopro").task
        'deblur'
        >>> del BENCHMARKS["my-gopro"]
    """
    if not isinstance(card, Benchmark):
        raise RestoraError(f"{card!r} is no restora.datasets.Benchmark")
    if BENCHMARKS.setdefault(card.name, card) is not card:
        raise RestoraError(f"there is a benchmark {card.name!r} already; choose another name")


def find_benchmark(
    name: str, root: str | Path, *, split: str | None = None, variant: str | None = None
) -> Inventory:
    """Say what there is of a benchmark below a folder, without insisting that it be complete.

    Of the layouts on the card, the first in which every file has its partner is taken, else the one with most pairs.

    Args:
        name: Of the benchmark.
        root: The folder of the benchmark, of its split, or one above.
        split: "train", "val", "test" or "all"; None for the first of the card.
        variant: One of the card's; None for the usual one.

    Raises:
        RestoraError: No known layout, or the folder carries the name of another benchmark.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     root = Path(folder) / "Rain100L"
        ...     for name in ("rainy/rain-001.png", "norain-001.png"):
        ...         (root / name).parent.mkdir(exist_ok=True, parents=True)
        ...         Image.new("RGB", (8, 6)).save(root / name)
        ...     found = find_benchmark("rain100l", root)
        >>> found.layout, len(found.entries)
        ('old release, clean images in the folder above', 1)
    """
    card, root = benchmark(name), Path(root)
    chosen = card.variant(variant)
    part = card.split(split, chosen)
    if not root.is_dir():
        raise RestoraError(f"{root}: is not a folder; name the one that holds {card.title}")
    _refuse_another(card, root)
    named = () if part.name == "all" else (part.name,)
    search = Search(root, part.name, (*named, *part.folders), card.folders, chosen, part.numbers)
    layouts = [
        layout
        for layout in card.layouts
        if (not layout.splits or part.name in layout.splits)
        and (not layout.variants or chosen in layout.variants)
    ]
    found = better(inventory for layout in layouts if (inventory := layout.scan(search)) is not None)
    if found is None:
        known = "; ".join(f"{layout.name}: {layout.tree}" for layout in layouts)
        raise RestoraError(f"{root}: no known layout of {card.title} ({part.name}) there; known are {known}")
    return found


def open_benchmark(
    name: str, root: str | Path, *, split: str | None = None, variant: str | None = None
) -> Pairs:
    """Open a benchmark as a sequence of pairs that are read when asked for.

    Args:
        name: Of the benchmark, such as "rain100l".
        root: The folder of the benchmark, of its split, or one above.
        split: "train", "val", "test" or "all"; None for the first of the card.
        variant: One of the card's, such as "blur_gamma"; None for the usual one.

    Raises:
        RestoraError: No known layout, or an image without its partner; the message names it.

    Example:
        >>> open_benchmark("rain100l", "no-such-folder")
        Traceback (most recent call last):
        restora.errors.RestoraError: no-such-folder: is not a folder; name the one that holds Rain100L
    """
    card = benchmark(name)
    found = find_benchmark(name, root, split=split, variant=variant)
    found.require_complete()
    chosen = card.variant(variant)
    part = card.split(split, chosen)
    title = " ".join(word for word in (card.title, part.name, chosen) if word)
    remark = count_remark(part, len(found.entries))
    return Pairs(found.entries, title=title, remarks=(remark,) if remark else ())


def count_remark(split: Split, pairs: int) -> str:
    """Say what is odd about a number of pairs, "" if nothing.

    Example:
        >>> count_remark(Split("test", 100, circulating=(98,)), 98)
        '98 pairs, as in a circulating copy; published are 100'
        >>> count_remark(Split("test", 2025), 1079)
        '1,079 pairs where 2,025 are published: incomplete or another release'
    """
    if split.pairs is None or pairs == split.pairs:
        return ""
    if pairs in split.circulating:
        return f"{pairs:,} pairs, as in a circulating copy; published are {split.pairs:,}"
    doubt = "incomplete or another release" if split.certain else "quoted from the literature, not certain"
    return f"{pairs:,} pairs where {split.pairs:,} are published: {doubt}"


def _refuse_another(card: Benchmark, root: Path) -> None:
    """Raise if the folder is called like another benchmark: Rain100H read as Rain100L gives numbers, too.

    If it is called like a split, the folder above is asked.
    """
    place = root.absolute()
    names = (
        {place.name.casefold()}
        if place.name.casefold() not in SPLIT_FOLDERS
        else {place.parent.name.casefold()}
    )
    if names & {name.casefold() for name in card.folders}:
        return
    for other in BENCHMARKS.values():
        if names & {name.casefold() for name in other.folders}:
            raise RestoraError(
                f"{root}: is called like {other.name}, not like {card.name}; name the right folder, or rename it"
            )
