"""HTML report of an evaluation: one file that shows the scores and the pictures behind them."""

import base64
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from restora.atomic import write_file
from restora.errors import RestoraError
from restora.evaluation.histogram import histogram
from restora.evaluation.leaderboard import leaderboard
from restora.evaluation.published import Published
from restora.evaluation.record import Evaluation, ImageScores, Setting
from restora.metrics import printed, with_unit
from restora.pixels import gray_to_rgb, to_uint8

if TYPE_CHECKING:
    from jinja2 import Template

Image = NDArray[Any]
Pictures = Callable[[str], tuple[Image, Image, Image]]
"""Name of an image -> degraded, restored and clean: (H, W, 3) or (H, W), float in [0, 1] or uint8 or uint16."""

SHOWN = 3
"""How many of the worst, of the middle and of the best images are shown."""
LONGEST_SIDE = 1280
"""Larger pictures are reduced to this many pixels for the page."""
QUALITY = 92
"""Quality of the WebP pictures inside the page."""


@dataclass(frozen=True)
class Shown:
    """An image that the page shows: its size in pixels and its pictures as addresses."""

    image: ImageScores
    width: int
    height: int
    degraded: str
    restored: str
    clean: str


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
    shown = {}
    if pictures is not None:
        for heading, images in _choices(evaluation).items():
            shown[heading] = [_shown(image, pictures) for image in images]
    return write_file(Path(path), page(evaluation, shown, published))


def page(
    evaluation: Evaluation,
    shown: Mapping[str, Sequence[Shown]],
    published: Sequence[Published] | None = None,
) -> str:
    """Return the HTML of a report.

    Args:
        evaluation: What was measured.
        shown: Heading -> images that are shown below it.
        published: Numbers to print beside the means; those of the same case for None.
    """
    names = [item.image.name for group in shown.values() for item in group]
    return _template().render(
        record=evaluation,
        board=leaderboard([evaluation], published),
        count=len(evaluation.images),
        shown=shown,
        anchors={name: f"picture-{number}" for number, name in enumerate(names)},
        facts=_facts(evaluation),
        quality=QUALITY,
        style=_asset("report.css"),
        script=_asset("report.js"),
    )


def _asset(name: str) -> str:
    return files("restora.evaluation").joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    # Names come from files of strangers: whatever is not marked as safe is escaped.
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.globals |= {"printed": printed, "with_unit": with_unit, "histogram": histogram}
    environment.filters["number"] = lambda value: "Infinity" if value == math.inf else repr(value)
    return environment.from_string(_asset("report.html"))


def _facts(evaluation: Evaluation) -> dict[str, str]:
    """Return what is needed to repeat the evaluation."""

    def word(value: Setting) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        return "none" if value is None else str(value)

    words = [evaluation.benchmark, f"split {evaluation.split}", evaluation.variant]
    facts = {
        "benchmark": ", ".join(text for text in words if text),
        "protocol": evaluation.protocol,
        evaluation.kind: evaluation.method,
        "SHA-256": evaluation.weights_sha256 or "",
        "settings": ", ".join(f"{name} {word(value)}" for name, value in evaluation.settings.items())
        or "none",
        "versions": ", ".join(f"{name} {version}" for name, version in evaluation.versions.items()),
    }
    return {what: fact for what, fact in facts.items() if fact}


def _choices(evaluation: Evaluation) -> dict[str, tuple[ImageScores, ...]]:
    """Choose the worst, the middle and the best images, none twice, each group by its heading."""
    ranked = evaluation.ranked()
    if len(ranked) <= 3 * SHOWN:
        return {"All images, from the worst": ranked}
    middle = (len(ranked) - SHOWN) // 2
    return {
        "The worst": ranked[:SHOWN],
        "Around the median": ranked[middle : middle + SHOWN],
        "The best": ranked[: -SHOWN - 1 : -1],
    }


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
