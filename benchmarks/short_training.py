"""A short training whose result is scored: what the benchmarks that compare ways of training share."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from harness import command_line
from numpy.typing import NDArray

from restora.datasets.sources import load_rgb8
from restora.images import find_images
from restora.networks import RestorationNetwork
from restora.training import Trainer
from restora.training.recipe import Recipe

SIDE = 256
STROKES: dict[str, Any] = {"length": (3.0, 10.0), "exposures": (1.0,), "anxiety": (0.001, 0.003, 0.005)}
"""Motion blur that a short training learns: what `TrajectoryBlur` takes."""


def comparison(description: str | None, *, steps: int) -> argparse.ArgumentParser:
    """Begin the command line of a comparison: photographs to train on and to test with, steps, seeds."""
    parser = command_line(description)
    parser.add_argument("photos", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    return parser


def averaged_network(recipe: dict[str, Any]) -> RestorationNetwork:
    """Train by a recipe, saving nothing, and return the network with averaged weights."""
    steps = sum(stage["steps"] for stage in recipe["stages"])
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(Recipe.model_validate({**recipe, "save_every": steps + 1}), Path(folder) / "run")
        trainer.run()
        return trainer.averaged_network()


def middles(folder: Path) -> list[NDArray[np.uint8]]:
    """Return the squares of SIDE pixels from the middles of a folder's photographs, each (SIDE, SIDE, 3)."""
    photographs = (load_rgb8(found.path) for found in find_images([folder]))
    return [_middle(pixels) for pixels in photographs]


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, left = ((side - SIDE) // 2 for side in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + SIDE, left : left + SIDE])
