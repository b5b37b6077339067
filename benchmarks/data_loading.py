"""How fast training crops come, from files and from packs, as ratios within one run.

    python benchmarks/data_loading.py INPUT TARGET [--limit 40]

INPUT and TARGET are folders of degraded and clean images of the same names; the clean ones also serve as photographs.
Both are packed into a temporary folder first. Every way of loading gives the same number of crops in each of several
rounds, one way after the other, so that what else the machine does falls on all of them alike; the first batch of
a round, with the start of the workers, is not counted. Writes benchmarks/results/data_loading.md.
"""

import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from harness import command_line, machine, table, write_results
from torch.utils.data import DataLoader, Dataset

from restora.datasets import PairedCrops, Pairs, PhotoCrops, open_folder_pair, write_pack
from restora.datasets.originals import original_pairs, original_photographs
from restora.images import ImageFile

WORKERS = (0, 1, 2)
REFERENCE = ("pairs from files", 0)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("input", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--limit", type=int, help="pairs to use")
    parser.add_argument("--patch", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--batches", type=int, default=12, help="batches that are timed in a round")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # loading alone is measured
    everything = open_folder_pair(arguments.input, arguments.target)
    pairs = Pairs(everything.entries[: arguments.limit], title=everything.title)
    with tempfile.TemporaryDirectory() as folder:
        ways = _ways(pairs, Path(folder), arguments.patch)
        _compare(ways)
        speeds: dict[tuple[str, int], list[float]] = {(way, n): [] for way in ways for n in WORKERS}
        for start in range(arguments.rounds):
            for (way, workers), found in speeds.items():
                count = arguments.batch * (arguments.batches + 1)
                numbers = range(start * count, (start + 1) * count)
                found.append(
                    _speed(DataLoader(ways[way], arguments.batch, sampler=numbers, num_workers=workers))
                )
    height, width = pairs[0].degraded.shape[:2]
    rows = []
    for way in ways:
        ratios = [
            statistics.median(a / b for a, b in zip(speeds[way, n], speeds[REFERENCE], strict=True))
            for n in WORKERS
        ]
        rows.append([way, *(f"{ratio:.2f}" for ratio in ratios)])
    lines = [
        f"{len(pairs)} pairs, the first of {width}x{height}; crops of {arguments.patch}, batches of"
        f" {arguments.batch}, medians over {arguments.rounds} rounds of {arguments.batches} batches; {machine()}: where the"
        " load exceeds the cores, workers cannot show what they give. Written by `benchmarks/data_loading.py`.",
        "",
        f"Crops per second, divided by those of {REFERENCE[0]} with {REFERENCE[1]} workers in the same round"
        f" ({statistics.median(speeds[REFERENCE]):.0f} a second):",
        "",
        *table(["crops of", *(f"{n} worker{'s' * (n != 1)}" for n in WORKERS)], rows),
    ]
    write_results("data_loading.md", lines)


def _ways(pairs: Pairs, folder: Path, patch: int) -> dict[str, Dataset[Any]]:
    photos = [
        ImageFile(entry.clean.file, Path(entry.clean.file.name)) for entry in pairs.entries if entry.clean
    ]
    originals = original_photographs(photos)
    pair_pack = write_pack(original_pairs(pairs), folder / "pairs", kind="pairs", title="pairs")
    photo_pack = write_pack(originals, folder / "photos", kind="photographs", title="photos")
    return {
        "pairs from files": PairedCrops(pairs, patch=patch),
        "pairs from a pack": PairedCrops.from_pack(pair_pack.folder, patch=patch),
        "photographs in memory": PhotoCrops([original.read()[0] for original in originals], patch=patch),
        "photographs from a pack": PhotoCrops.from_pack(photo_pack.folder, patch=patch),
    }


def _compare(ways: dict[str, Dataset[Any]]) -> None:
    """Stop if a pack gives other crops than the files."""
    files, pack, photos, packed = ways.values()
    for i in range(5):
        assert all(map(torch.equal, files[i], pack[i]))
        assert torch.equal(photos[i], packed[i])


def _speed(loader: Iterable[Any]) -> float:
    """Crops per second behind the first batch."""
    crops, start = 0, 0.0
    for number, batch in enumerate(loader):
        if number == 0:
            start = time.perf_counter()
        else:
            crops += len(batch[0] if isinstance(batch, list) else batch)
    return crops / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
