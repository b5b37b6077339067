"""Plug-ins: what other installed packages add to restora, by entry points.

A package names in its ``pyproject.toml`` what it brings, and restora finds it wherever it looks by name:

    [project.entry-points."restora.networks"]
    two_scale = "my_package.two_scale:ARCHITECTURE"     # an Architecture

    [project.entry-points."restora.degradations"]
    vignetting = "my_package.vignetting"                # a module; its classes register themselves

    [project.entry-points."restora.benchmarks"]
    mine = "my_package.benchmarks:MINE"                 # a Benchmark

    [project.entry-points."restora.weights"]
    mine = "my_package.weights"                         # a package that holds NAME.safetensors and NAME.json
"""

import logging
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

logger = logging.getLogger(__name__)


def add_plugins(group: str, add: Callable[[Any], object]) -> None:
    """Add what installed packages bring to a registry; what cannot be loaded or added is logged and left out.

    They come sorted by the names of their entry points, so that the order is the same everywhere.

    Args:
        group: ``"networks"``, ``"degradations"``, ``"benchmarks"`` or ``"weights"``.
        add: Takes the object that an entry point names; may raise whatever is wrong with it.
    """
    for point in sorted(entry_points(group=f"restora.{group}"), key=lambda point: point.name):
        try:
            add(point.load())
        except Exception as problem:  # somebody else's code: without it restora works as before
            logger.warning(
                "%s %s is left out (%s: %s); update or remove the package that brings it",
                point.group,
                point.value,
                type(problem).__name__,
                problem,
            )
