"""Sheet of a figure: its parts, placed one below the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restora.evaluation.error_maps import absolute_error, coloured, scale_bar, scale_end, ticks
from restora.evaluation.figure_crops import Crop
from restora.evaluation.scene import BLACK, GRAY, RGB8, Colour, Frame, Picture, Scene, Words, fitted
from restora.pixels import to_uint8

Image = NDArray[np.float32]
Enlargement = Literal["nearest", "lanczos"]

WIDTH = 1680
"""Pixels of the sheet that crops are enlarged to fill, by a whole factor; small numbers of columns stay narrower."""
COLUMN = 480
"""The most that a column may take."""
GAP = 10
TALLEST = 0.75
"""Height that the whole picture may take, as a share of the width of the sheet."""
COLOURS: tuple[Colour, ...] = ((240, 70, 60), (60, 180, 255), (250, 215, 30), (60, 200, 110), (215, 120, 230))
"""Colours of the crops, in order; told apart with every kind of colour vision, and rare in photographs."""


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

    @property
    def heading(self) -> str:
        """Names of the metrics, for the column of the clean picture."""
        return " / ".join(metric.upper() for metric in self.metrics)


class Sheet:
    """A figure in the making: what is placed comes below what was placed before.

    Attributes:
        column: Pixels of the width of a column.
        width: Pixels of the sheet.
        text: Size of the labels.
    """

    def __init__(self, columns: Sequence[Exhibit], crops: Sequence[Crop]) -> None:
        self._columns = columns
        self._crops = crops
        self._target = min(COLUMN, (WIDTH - GAP) // len(columns) - GAP)
        self.column: int = max(crop.width * self.factor(crop) for crop in crops)
        self.width: int = len(columns) * (self.column + GAP) + GAP
        self.text: float = max(13.0, min(self.width / 52, self.column / 8))
        self._line = max(3, round(self.width / 400))
        self._items: list[Picture | Frame | Words] = []
        self._y = GAP

    def factor(self, crop: Crop) -> int:
        """By which whole number a crop is enlarged: to fill a column, but not to more than twice its height."""
        return max(1, min(self._target // crop.width, 2 * self._target // crop.height))

    def scene(self) -> Scene:
        """Return what was placed."""
        return Scene(self.width, self._y + GAP, tuple(self._items))

    def place_whole(self) -> None:
        """Place the first picture with the crops marked in it."""
        image = self._columns[0].image
        height, width = (int(side) for side in image.shape[:2])
        scale = min((self.width - 2 * GAP) / width, TALLEST * self.width / height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        left, line = (self.width - size[0]) // 2, self._line
        self._items.append(Picture(_resized(to_uint8(image), size, "lanczos"), left, self._y))
        for crop, colour in zip(self._crops, COLOURS, strict=False):
            # Outside the crop, so that the line hides nothing of it; black on both sides, to be seen on any ground.
            x, y = left + round(crop.left * scale) - line, self._y + round(crop.top * scale) - line
            wide, tall = round(crop.width * scale) + 2 * line, round(crop.height * scale) + 2 * line
            self._items.append(Frame(x - 1, y - 1, wide + 2, tall + 2, BLACK, line + 2))
            self._items.append(Frame(x, y, wide, tall, colour, line))
        self._y += size[1] + GAP

    def place_crops(self, enlargement: Enlargement) -> None:
        """Place a row for each crop, enlarged."""
        images = [to_uint8(exhibit.image) for exhibit in self._columns]
        self._place_rows(images, enlargement)

    def place_errors(self, clean: Exhibit, end: int | None) -> None:
        """Place the error maps, whole and of each crop, and their scale in the column of the clean picture.

        Args:
            clean: The last of the columns.
            end: Grey levels of the last colour; None chooses.
        """
        errors = [absolute_error(exhibit.image, clean.image) for exhibit in self._columns[:-1]]
        end = end or scale_end(errors)
        start = self._y
        height, width = (int(side) for side in errors[0].shape)
        size = self.column, max(1, min(round(height * self.column / width), 2 * self.column))
        for column, error in enumerate(errors):
            self._items.append(Picture(coloured(_averaged(error, size), end), self._left(column), start))
        self._y += size[1] + GAP
        # Nearest always: between two colours of a map lie colours that mean something else.
        self._place_rows([coloured(error, end) for error in errors], "nearest")
        self._place_scale(end, start, self._y - GAP)

    def place_captions(self, scoring: Scoring | None, clean: Exhibit | None) -> None:
        """Place the labels, and the scores below them."""
        line = round(self.text * 1.35)
        for column, exhibit in enumerate(self._columns):
            middle = self._left(column) + self.column / 2
            words, size = fitted(exhibit.label, self.text, self.column)
            self._items.append(Words(words, middle, self._y + line / 2, size))
            if scoring is not None:
                below = scoring.heading if exhibit is clean else scoring.lines[column]
                words, size = fitted(below, self.text, self.column)
                colour = GRAY if exhibit is clean else BLACK
                self._items.append(Words(words, middle, self._y + 1.5 * line, size, colour))
        self._y += (1 if scoring is None else 2) * line + GAP

    def place_note(self, note: str) -> None:
        """Place a line of small print."""
        words, size = fitted(note, self.text * 0.7, self.width - 2 * GAP)
        self._items.append(Words(words, self.width / 2, self._y + self.text / 2, size, GRAY))
        self._y += round(self.text)

    def _left(self, column: int) -> int:
        return GAP + column * (self.column + GAP)

    def _place_rows(self, images: Sequence[RGB8], enlargement: Enlargement) -> None:
        for crop, colour in zip(self._crops, COLOURS, strict=False):
            width, height = crop.width * self.factor(crop), crop.height * self.factor(crop)
            for column, image in enumerate(images):
                left = self._left(column) + (self.column - width) // 2
                enlarged = _resized(np.ascontiguousarray(crop.of(image)), (width, height), enlargement)
                self._items.append(Picture(enlarged, left, self._y))
                self._items.append(Frame(left, self._y, width, height, colour, self._line))
            self._y += height + GAP

    def _place_scale(self, end: int, start: int, bottom: int) -> None:
        """Place the bar that explains the error maps into the last column, under its title."""
        text, left, top = self.text * 0.8, self._left(len(self._columns) - 1), start
        for line in ("absolute error,", "grey levels of 255"):
            words, size = fitted(line, text, self.column)
            self._items.append(Words(words, left, top + text * 0.65, size, anchor="left"))
            top += round(text * 1.3)
        top += GAP
        bar = scale_bar(max(12, self.column // 10), max(1, bottom - top))
        self._items.append(Picture(bar, left, top))
        right = left + bar.shape[1] + GAP
        for level in ticks(end):
            # Half a line in, so that the first and the last stay beside the bar.
            middle = top + text / 2 + (bar.shape[0] - text) * (1 - level / end)
            line = f"{level} or more" if level == end and end < 255 else f"{level}"
            words, size = fitted(line, text, left + self.column - right)
            self._items.append(Words(words, right, middle, size, anchor="left"))


def _resized(pixels: RGB8, size: tuple[int, int], how: Enlargement) -> RGB8:
    from PIL import Image as Pillow

    filters = {"nearest": Pillow.Resampling.NEAREST, "lanczos": Pillow.Resampling.LANCZOS}
    return np.asarray(Pillow.fromarray(pixels).resize(size, filters[how]))


def _averaged(error: Image, size: tuple[int, int]) -> Image:
    """Scale an error map by averaging: a mean of errors is an error, an overshoot of Lanczos is none."""
    import cv2

    kind = cv2.INTER_AREA if size[0] < error.shape[1] else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(error, size, interpolation=kind), np.float32)
