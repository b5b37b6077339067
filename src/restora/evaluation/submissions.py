"""Submissions to the servers that keep the clean images: SIDD's benchmark and DND."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.atomic import output_file
from restora.errors import RestoraError

SIDD_IMAGES, SIDD_BLOCKS, SIDD_SIDE = 40, 32, 256
"""Images, blocks of each, and pixels of a block's side."""
DND_PHOTOGRAPHS, DND_BOXES = 50, 20
"""Photographs, and crops of each."""
DND_VERSION = "1.0"
"""Version of the form, as the authors' own script writes it."""

Block = NDArray[np.uint8]


@dataclass(frozen=True)
class SiddSubmission:
    """What the server is told about a method.

    Attributes:
        method: Its name.
        authors: Their names.
        paper: Title of the paper.
        venue: Where it was published.
        seconds_per_megapixel: How long denoising takes.
    """

    method: str
    authors: str = ""
    paper: str = ""
    venue: str = ""
    seconds_per_megapixel: float = 0.0


def write_sidd_mat(path: str | Path, blocks: Sequence[Block], about: SiddSubmission) -> Path:
    """Write ``SubmitSrgb.mat``: a cell array of 40 x 32 blocks with the time and what the server shows.

    Args:
        path: The file.
        blocks: 1,280 of (256, 256, 3) RGB, the 32 of the first image first.
        about: What the server shows.

    Raises:
        RestoraError: Other blocks than these, SciPy is missing, or the file cannot be written.
    """
    path = Path(path)
    _check(path, blocks)
    cells = np.empty((SIDD_IMAGES, SIDD_BLOCKS), dtype=object)
    for number, block in enumerate(blocks):
        cells[divmod(number, SIDD_BLOCKS)] = block
    variables = {
        "DenoisedBlocksSrgb": cells,
        "TimeMPSrgb": float(about.seconds_per_megapixel),
        "OptionalData": {
            "MethodName": about.method,
            "Authors": about.authors,
            "PaperTitle": about.paper,
            "Venue": about.venue,
        },
    }
    return _write_mat(path, variables)


def write_sidd_csv(path: str | Path, blocks: Sequence[Block]) -> Path:
    """Write the CSV file: a line a block, its number from 0 and its bytes, row by row, in base 64.

    Args:
        path: The file; it will have some 335 MB.
        blocks: As for `write_sidd_mat`.

    Raises:
        RestoraError: Other blocks than these, or the file cannot be written.
    """
    path = Path(path)
    _check(path, blocks)
    with output_file(path) as stream:
        stream.write(b"ID,BLOCK\n")
        for number, block in enumerate(blocks):
            stream.write(b"%d,%s\n" % (number, base64.b64encode(np.ascontiguousarray(block).tobytes())))
    return path


def _check(path: Path, blocks: Sequence[Block]) -> None:
    if len(blocks) != SIDD_IMAGES * SIDD_BLOCKS:
        raise RestoraError(
            f"{path}: the server takes {SIDD_IMAGES * SIDD_BLOCKS} blocks, got {len(blocks)}; restore all of them"
        )
    for number, block in enumerate(blocks):
        if block.shape != (SIDD_SIDE, SIDD_SIDE, 3) or block.dtype != np.uint8:
            raise RestoraError(
                f"{path}: block {number} is {block.dtype} of shape {block.shape}; the server takes uint8 of {(SIDD_SIDE, SIDD_SIDE, 3)}"
            )


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
    waiting = np.empty(DND_BOXES, dtype=object)
    expected = [(photo, box) for photo in range(1, DND_PHOTOGRAPHS + 1) for box in range(1, DND_BOXES + 1)]
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
        if box == DND_BOXES:
            path = folder / f"{photo:04d}.mat"
            written.append(
                _write_mat(path, {"Idenoised": waiting, "israw": False, "eval_version": DND_VERSION})
            )
            waiting = np.empty(DND_BOXES, dtype=object)
    return tuple(written)


def _write_mat(path: Path, variables: Mapping[str, Any]) -> Path:
    """Write variables as a MATLAB file of version 5, which every MATLAB and SciPy reads.

    Raises:
        RestoraError: SciPy is missing, or the file cannot be written.
    """
    try:
        from scipy.io import savemat
    except ImportError as error:
        raise RestoraError(f"{path}: needs SciPy to be written; pip install 'restora[benchmarks]'") from error
    with output_file(path) as stream:
        savemat(stream, dict(variables), do_compression=True)
    return path
