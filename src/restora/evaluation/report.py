"""The HTML report of an evaluation: one file that shows the scores and the pictures behind them."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.atomic import write_file
from restora.errors import RestoraError
from restora.evaluation.published import Published, published_for
from restora.evaluation.record import Evaluation, ImageScores
from restora.evaluation.report_page import QUALITY, Shown, page
from restora.pixels import gray_to_rgb, to_uint8

Image = NDArray[Any]
Pictures = Callable[[str], tuple[Image, Image, Image]]
"""Name of an image -> degraded, restored and clean: (H, W, 3) or (H, W), float in [0, 1] or uint8 or uint16."""

SHOWN = 3
"""How many of the worst, of the middle and of the best images are shown."""
LONGEST_SIDE = 1280
"""Larger pictures are reduced to this many pixels for the page."""


@dataclass(frozen=True)
class _Choice:
    heading: str
    images: tuple[ImageScores, ...]


def write_report(
    evaluation: Evaluation,
    path: str | Path,
    *,
    pictures: Pictures | None = None,
    published: Sequence[Published] | None = None,
) -> Path:
    """Write an HTML report: means beside the published numbers, histograms, pictures to compare, all scores.

    The file needs nothing beside it and asks nothing of the network: pictures are inside, as WebP.

    Args:
        evaluation: What was measured.
        path: The file, ``.html``; an older one is replaced.
        pictures: Called once for every image that is shown, at most 9 of them; without it the report has no pictures.
        published: Numbers to print beside the means; those of the same benchmark, split and variant for None.

    Returns:
        The path.

    Raises:
        RestoraError: The pictures of an image differ in size, or the file cannot be written.

    Example:
        >>> import tempfile
        >>> one = (ImageScores("a", {"psnr": 30.0}),)
        >>> record = Evaluation("cbsd68", "CBSD68", "test", "sigma-25", "rgb8", "", "median", "baseline", {}, one)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(write_report(record, f"{folder}/report.html").name)
        report.html
    """
    shown = (
        []
        if pictures is None
        else [
            (choice.heading, [_shown(image, pictures) for image in choice.images])
            for choice in _choices(evaluation)
        ]
    )
    if published is None:
        published = published_for(evaluation.benchmark, evaluation.split, evaluation.variant)
    return write_file(Path(path), page(evaluation, shown, published))


def _choices(evaluation: Evaluation) -> list[_Choice]:
    """Choose the worst, the middle and the best images, none twice."""
    ranked = evaluation.ranked()
    count = len(ranked)
    if count <= 3 * SHOWN:
        return [_Choice("All images, from the worst", ranked)]
    middle = (count - SHOWN) // 2
    return [
        _Choice("The worst", ranked[:SHOWN]),
        _Choice("Around the median", ranked[middle : middle + SHOWN]),
        _Choice("The best", ranked[: -SHOWN - 1 : -1]),
    ]


def _shown(image: ImageScores, pictures: Pictures) -> Shown:
    degraded, restored, clean = (to_uint8(gray_to_rgb(picture)) for picture in pictures(image.name))
    for word, picture in (("restored", restored), ("degraded", degraded)):
        if picture.shape != clean.shape:
            raise RestoraError(
                f"{image.name}: {word} is {picture.shape[1]}x{picture.shape[0]}, clean is "
                f"{clean.shape[1]}x{clean.shape[0]}; a report lays them over each other, so give them one size"
            )
    height, width = clean.shape[:2]
    return Shown(image, width, height, _embedded(degraded), _embedded(restored), _embedded(clean))


def _embedded(picture: NDArray[np.uint8]) -> str:
    """Return a ``data:`` address of the picture as WebP."""
    from PIL import Image as Pillow

    image = Pillow.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Pillow.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
