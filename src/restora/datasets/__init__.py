"""Folders of pictures as data: benchmarks as pairs by name, and random crops for training.

Example:
    >>> benchmark("rain100l").title
    'Rain100L'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.catalogue import BENCHMARKS, add_benchmark, benchmark, find_benchmark, open_benchmark
from restora.datasets.folder_pair import open_folder_pair
from restora.datasets.inventory import Inventory
from restora.datasets.pairs import Entry, Pair, Pairs
from restora.plugins import add_plugins

if TYPE_CHECKING:
    from restora.datasets.pack import Pack
    from restora.datasets.packing import write_pack
    from restora.datasets.paired_crops import PairedCrops
    from restora.datasets.photo_crops import PhotoCrops

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "Entry",
    "Inventory",
    "Pack",
    "Pair",
    "PairedCrops",
    "Pairs",
    "PhotoCrops",
    "Split",
    "add_benchmark",
    "benchmark",
    "find_benchmark",
    "open_benchmark",
    "open_folder_pair",
    "write_pack",
]

_LATE = {"Pack": "pack", "PairedCrops": "paired_crops", "PhotoCrops": "photo_crops", "write_pack": "packing"}
"""What needs torch or pydantic -> its file."""


def __getattr__(name: str) -> Any:
    """Import what needs torch or pydantic when it is first asked for: the catalogue does without."""
    if name in _LATE:
        return getattr(import_module(f"restora.datasets.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


add_plugins("benchmarks", add_benchmark)
