"""Submissions to the server of DND: a file of 20 crops for each of its 50 photographs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.evaluation.submissions.matlab import write_mat

PHOTOGRAPHS, BOXES = 50, 20
VERSION = "1.0"
"""Version of the form, as the authors' own script writes it."""


def write_dnd_bundle(folder: str | Path, crops: Iterable[tuple[str, NDArray[Any]]]) -> tuple[Path, ...]:
    """Write ``0001.mat`` to ``0050.mat``, each as soon as its crops are there.

    Args:
        folder: Where to.
        crops: Names as the reader of the benchmark gives them, "0001_01" to "0050_20", in order, and (H, W, 3) RGB, float
            in about [0, 1]; clamped, not rounded.

    Returns:
        The files.

    Raises:
        RestoraError: A crop is missing or out of order, SciPy is missing, or a file cannot be written.
    """
    folder, written = Path(folder), []
    waiting = np.empty(BOXES, dtype=object)
    expected = [(photo, box) for photo in range(1, PHOTOGRAPHS + 1) for box in range(1, BOXES + 1)]
    given = iter(crops)
    for photo, box in expected:
        name, crop = next(given, ("", np.empty(0)))
        if name != f"{photo:04d}_{box:02d}":
            came = f"{name} came" if name else "none came"
            raise RestoraError(
                f"{folder}: crop {photo:04d}_{box:02d} was expected, {came}; restore all of them in order"
            )
        if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype.kind != "f":
            raise RestoraError(
                f"{folder}: crop {name} is {crop.dtype} of shape {crop.shape}; floats of (H, W, 3) are needed"
            )
        waiting[box - 1] = np.clip(crop, 0, 1).astype(np.float32)
        if box == BOXES:
            path = folder / f"{photo:04d}.mat"
            written.append(write_mat(path, {"Idenoised": waiting, "israw": False, "eval_version": VERSION}))
            waiting = np.empty(BOXES, dtype=object)
    return tuple(written)
