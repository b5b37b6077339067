"""The figure that papers print: a picture with marked crops, and below it the crops of every method, enlarged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.evaluation.crops import Crop
from restora.evaluation.error_maps import absolute_error, coloured, scale_bar, scale_end, ticks
from restora.evaluation.scene import GRAY, RGB8, Colour, Frame, Picture, Scene, Words, fitted
from restora.metrics import Protocol

Image = NDArray[np.float32]
Enlargement = Literal["nearest", "lanczos"]

WIDTH = 1680
"""Pixels of the sheet that crops are enlarged to fill, by a whole factor; small numbers of columns stay narrower."""
COLUMN = 480
"""The most that a column may take."""
GAP = 10
TALLEST = 0.75
"""Of the width of the sheet: what the whole picture may take in height."""
COLOURS: tuple[Colour, ...] = ((240, 70, 60), (60, 180, 255), (250, 215, 30), (60, 200, 110), (215, 120, 230))
"""Of the crops, in order; told apart with every kind of colour vision, and rare in photographs."""


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A picture and what is printed below it.

    Attributes:
        label: The method.
        image: (H, W, 3) in [0, 1].
    """

    label: str
    image: Image


@dataclass(frozen=True)
class Scoring:
    """How the pictures were scored, and the score lines of the exhibits, in order."""

    protocol: str
    metrics: tuple[str, ...]
    lines: tuple[str, ...]


def scored(exhibits: Sequence[Exhibit], clean: Image, protocol: Protocol) -> Scoring:
    """Score every exhibit against the clean picture.

    Args:
        exhibits: Pictures of the shape of `clean`.
        clean: (H, W, 3) in [0, 1].
        protocol: What is computed.
    """
    lines = []
    for exhibit in exhibits:
        scores = protocol.scores(exhibit.image, clean)
        lines.append(" / ".join(_printed(metric, score) for metric, score in scores.items()))
    return Scoring(protocol.name, tuple(protocol.metrics), tuple(lines))


def figure(
    exhibits: Sequence[Exhibit],
    crops: Sequence[Crop],
    *,
    clean: Exhibit | None = None,
    scoring: Scoring | None = None,
    error_maps: bool = False,
    error_end: int | None = None,
    enlargement: Enlargement = "nearest",
) -> Scene:
    """Lay out a figure of several pictures of the same scene.

    The first picture is shown whole, its crops marked; below it a column for each picture, the clean one last, with
    the crops enlarged by a whole factor, the label and the scores. Error maps come below the crops, on one scale.

    Args:
        exhibits: One or more pictures of the same shape.
        crops: One to `len(COLOURS)`, inside the pictures.
        clean: The truth, for the last column and the error maps.
        scoring: What to print below the labels.
        error_maps: Also show where the errors are; needs `clean`.
        error_end: Grey levels of the last colour of the error maps; None chooses a round number.
        enlargement: "nearest" shows the pixels themselves, "lanczos" what a viewer would interpolate.

    Raises:
        RestoraError: The shapes differ, a crop lies outside, there are too many, or error maps lack a clean picture.
    """
    columns = [*exhibits, *([clean] if clean is not None else [])]
    _check(columns, crops)
    if error_maps and clean is None:
        raise RestoraError("error maps need the clean picture; name it with --clean")
    sheet = _Sheet(columns, crops)
    items: list[Picture | Frame | Words] = []
    y = _whole(sheet, items)
    for crop, colour in zip(crops, COLOURS, strict=False):
        for column, exhibit in enumerate(columns):
            pixels = _to8(crop.of(exhibit.image))
            _enlarged(sheet, items, pixels, crop, colour, column, y, enlargement)
        y += crop.height * sheet.factor(crop) + GAP
    if error_maps and clean is not None:
        y = _errors(sheet, items, exhibits, clean, y, error_end)
    y = _captions(sheet, items, scoring, clean, y)
    how = {"nearest": "nearest pixel", "lanczos": "Lanczos"}[enlargement]
    factors = sorted({sheet.factor(crop) for crop in crops})
    notes = [f"crops enlarged {' and '.join(map(str, factors))} times ({how})"]
    if error_maps:
        notes[0] += "; errors are means over red, green and blue"
    if scoring is not None:
        notes.insert(0, f"{_heading(scoring)} of the whole picture, protocol {scoring.protocol}")
    for note in notes:
        words, size = fitted(note, sheet.text * 0.7, sheet.width - 2 * GAP)
        items.append(Words(words, sheet.width / 2, y + sheet.text / 2, size, GRAY))
        y += round(sheet.text)
    return Scene(sheet.width, y + GAP, items)


class _Sheet:
    """The measures of a figure, from which everything is placed."""

    def __init__(self, columns: Sequence[Exhibit], crops: Sequence[Crop]) -> None:
        self.columns = columns
        self.crops = crops
        self.target = min(COLUMN, (WIDTH - GAP) // len(columns) - GAP)
        self.column: int = max(crop.width * self.factor(crop) for crop in crops)
        self.width: int = len(columns) * (self.column + GAP) + GAP
        self.text: float = max(13.0, min(self.width / 52, self.column / 8))

    def factor(self, crop: Crop) -> int:
        return max(1, self.target // crop.width)

    def left(self, column: int) -> int:
        return GAP + column * (self.column + GAP)


def _check(columns: Sequence[Exhibit], crops: Sequence[Crop]) -> None:
    first = columns[0]
    height, width = first.image.shape[:2]
    for other in columns[1:]:
        if other.image.shape != first.image.shape:
            rows, places = other.image.shape[:2]
            raise RestoraError(
                f"{other.label} is {places}x{rows} and {first.label} {width}x{height}; pictures to compare must have "
                "one size: cut or scale them first"
            )
    for crop in crops:
        crop.check(width, height)
    if not 1 <= len(crops) <= len(COLOURS):
        raise RestoraError(f"a figure shows 1 to {len(COLOURS)} crops, got {len(crops)}")


def _whole(sheet: _Sheet, items: list[Picture | Frame | Words]) -> int:
    """Place the whole picture with its marks; return where the next row starts."""
    image = sheet.columns[0].image
    height, width = (int(side) for side in image.shape[:2])
    scale = min((sheet.width - 2 * GAP) / width, TALLEST * sheet.width / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    left = (sheet.width - size[0]) // 2
    items.append(Picture(_resized(_to8(image), size), left, GAP))
    thick = max(3, round(sheet.width / 400))
    for crop, colour in zip(sheet.crops, COLOURS, strict=False):
        # Outside the crop, so that the line hides nothing of it.
        x, y = left + round(crop.left * scale) - thick, GAP + round(crop.top * scale) - thick
        wide, tall = round(crop.width * scale) + 2 * thick, round(crop.height * scale) + 2 * thick
        items.append(Frame(x - 1, y - 1, wide + 2, tall + 2, (0, 0, 0), thick + 2))
        items.append(Frame(x, y, wide, tall, colour, thick))
    return GAP + size[1] + GAP


def _enlarged(
    sheet: _Sheet,
    items: list[Picture | Frame | Words],
    pixels: RGB8,
    crop: Crop,
    colour: Colour,
    column: int,
    y: int,
    enlargement: Enlargement,
) -> None:
    width, height = crop.width * sheet.factor(crop), crop.height * sheet.factor(crop)
    left = sheet.left(column) + (sheet.column - width) // 2
    items.append(Picture(_resized(pixels, (width, height), enlargement), left, y))
    items.append(Frame(left, y, width, height, colour, max(3, round(sheet.width / 400))))


def _errors(
    sheet: _Sheet,
    items: list[Picture | Frame | Words],
    exhibits: Sequence[Exhibit],
    clean: Exhibit,
    y: int,
    end: int | None,
) -> int:
    """Place the error maps: whole, then of each crop; the bar of the scale in the column of the clean picture."""
    errors = [absolute_error(exhibit.image, clean.image) for exhibit in exhibits]
    end = end or scale_end(errors)
    start = y
    height, width = (int(side) for side in errors[0].shape)
    size = sheet.column, max(1, min(round(height * sheet.column / width), 2 * sheet.column))
    for column, error in enumerate(errors):
        items.append(Picture(coloured(_scaled(error, size), end), sheet.left(column), y))
    y += size[1] + GAP
    for crop, colour in zip(sheet.crops, COLOURS, strict=False):
        for column, error in enumerate(errors):
            pixels = coloured(crop.of(error), end)
            # Nearest always: between two colours of a map lie colours that mean something else.
            _enlarged(sheet, items, pixels, crop, colour, column, y, "nearest")
        y += crop.height * sheet.factor(crop) + GAP
    _scale(sheet, items, end, start, y - GAP)
    return y


def _scale(sheet: _Sheet, items: list[Picture | Frame | Words], end: int, start: int, bottom: int) -> None:
    """Place the bar that explains the error maps into the last column, under its title."""
    text, left = sheet.text * 0.8, sheet.left(len(sheet.columns) - 1)
    top = start
    for line in ("absolute error,", "grey levels of 255"):
        words, size = fitted(line, text, sheet.column)
        items.append(Words(words, left, top + text * 0.65, size, anchor="left"))
        top += round(text * 1.3)
    top += GAP
    bar = scale_bar(max(12, sheet.column // 10), max(1, bottom - top))
    items.append(Picture(bar, left, top))
    right = left + bar.shape[1] + GAP
    for level in ticks(end):
        # Half a line in, so that the first and the last stay beside the bar.
        middle = top + text / 2 + (bar.shape[0] - text) * (1 - level / end)
        line = f"{level} or more" if level == end and end < 255 else f"{level}"
        words, size = fitted(line, text, left + sheet.column - right)
        items.append(Words(words, right, middle, size, anchor="left"))


def _captions(
    sheet: _Sheet,
    items: list[Picture | Frame | Words],
    scoring: Scoring | None,
    clean: Exhibit | None,
    y: int,
) -> int:
    line = round(sheet.text * 1.35)
    for column, exhibit in enumerate(sheet.columns):
        middle = sheet.left(column) + sheet.column / 2
        words, size = fitted(exhibit.label, sheet.text, sheet.column)
        items.append(Words(words, middle, y + line / 2, size))
        if scoring is not None:
            below = _heading(scoring) if exhibit is clean else scoring.lines[column]
            words, size = fitted(below, sheet.text, sheet.column)
            items.append(Words(words, middle, y + 1.5 * line, size, GRAY if exhibit is clean else (0, 0, 0)))
    return y + (2 if scoring is not None else 1) * line + GAP


def _heading(scoring: Scoring) -> str:
    return " / ".join(metric.upper() for metric in scoring.metrics)


def _printed(metric: str, score: float) -> str:
    return f"{score:.{ {'psnr': 2, 'mae': 4}.get(metric, 3) }f}"


def _to8(image: Image) -> RGB8:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _resized(pixels: RGB8, size: tuple[int, int], how: Enlargement = "lanczos") -> RGB8:
    from PIL import Image as Pillow

    filters = {"nearest": Pillow.Resampling.NEAREST, "lanczos": Pillow.Resampling.LANCZOS}
    return np.asarray(Pillow.fromarray(pixels).resize(size, filters[how]))


def _scaled(error: Image, size: tuple[int, int]) -> Image:
    """Scale an error map by averaging: a mean of errors is an error, an overshoot of Lanczos is none."""
    import cv2

    kind = cv2.INTER_AREA if size[0] < error.shape[1] else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(error, size, interpolation=kind), np.float32)
