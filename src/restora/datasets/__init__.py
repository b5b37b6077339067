"""Folders of pictures as data: benchmarks as pairs by name, and random crops for training.

Example:
    >>> benchmark("rain100l").title
    'Rain100L'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.catalogue import BENCHMARKS, benchmark, find_benchmark, open_benchmark
from restora.datasets.inventory import Inventory
from restora.datasets.pairs import Entry, Pair, Pairs

if TYPE_CHECKING:
    from restora.datasets.photo_crops import PhotoCrops

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "Entry",
    "Inventory",
    "Pair",
    "Pairs",
    "PhotoCrops",
    "Split",
    "benchmark",
    "find_benchmark",
    "open_benchmark",
]


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first asked for: the catalogue does without."""
    if name == "PhotoCrops":
        return import_module("restora.datasets.photo_crops").PhotoCrops
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
