"""Submissions to the benchmark of SIDD: 1,280 blocks as a MATLAB file (the old form) or as a CSV file (the new one)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from restora.atomic import output_file
from restora.errors import RestoraError
from restora.evaluation.submissions.matlab import write_mat

IMAGES, BLOCKS, SIDE = 40, 32, 256
"""Images, blocks of each, and pixels of a block's side."""

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
    cells = np.empty((IMAGES, BLOCKS), dtype=object)
    for number, block in enumerate(blocks):
        cells[divmod(number, BLOCKS)] = block
    optional = {
        "MethodName": about.method,
        "Authors": about.authors,
        "PaperTitle": about.paper,
        "Venue": about.venue,
    }
    return write_mat(
        path,
        {
            "DenoisedBlocksSrgb": cells,
            "TimeMPSrgb": float(about.seconds_per_megapixel),
            "OptionalData": optional,
        },
    )


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
    if len(blocks) != IMAGES * BLOCKS:
        raise RestoraError(
            f"{path}: the server takes {IMAGES * BLOCKS} blocks, got {len(blocks)}; restore all of them"
        )
    for number, block in enumerate(blocks):
        if block.shape != (SIDE, SIDE, 3) or block.dtype != np.uint8:
            raise RestoraError(
                f"{path}: block {number} is {block.dtype} of shape {block.shape}; the server takes uint8 of {(SIDE, SIDE, 3)}"
            )
