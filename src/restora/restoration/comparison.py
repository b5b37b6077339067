"""A picture of before and after, with crops large enough to see the difference."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from restora.images import Metadata, Photograph, write
from restora.images.salience import salient_corners
from restora.pixels import to_uint8

WIDTH = 640
"""Pixels of one of the two columns."""
GAP = 8
CROP = 128
"""Pixels of the photograph that a crop shows; enlarged to half a column."""
CROPS = 2
PAPER = (255, 255, 255)

RGB8 = NDArray[np.uint8]
Corner = tuple[int, int]


def comparison(before: Photograph, after: Photograph) -> Photograph:
    """Lay out two photographs side by side, and below each the same two crops, enlarged.

    The crops are where the restored photograph shows the most detail, for that is where a restoration does
    well or badly. Both are shown upright, on white where they are transparent, in the first one's colour
    profile.

    Args:
        before: The photograph as it was, of any depth.
        after: Its restoration, of the same size.

    Returns:
        An 8-bit RGB photograph, 1288 pixels wide.
    """
    before, after = before.upright(), after.upright()
    corners = detailed_corners(after)
    columns = [_column(photograph, corners) for photograph in (before, after)]
    height = max(column.height for column in columns)
    sheet = Image.new("RGB", (2 * WIDTH + GAP, height), PAPER)
    for index, (column, words) in enumerate(zip(columns, ("before", "after"), strict=True)):
        left = index * (WIDTH + GAP)
        sheet.paste(column, (left, 0))
        _label(sheet, (left + 12, 10), words)
    return Photograph(
        np.asarray(sheet), metadata=Metadata(icc=None if before.is_gray else before.metadata.icc)
    )


def write_comparison(path: Path, before: Photograph, after: Photograph) -> Path:
    """Write a `comparison` as PNG, in place of an older one.

    Raises:
        RestoraError: It cannot be written.
    """
    return write(path, comparison(before, after), overwrite=True)


def detailed_corners(photograph: Photograph) -> list[Corner]:
    """Choose the top left corners of `CROPS` crops that show much detail and do not touch, from the left.

    Detail is the mean absolute difference of a crop from its blurred self.
    """
    factor = max(1, round(max(photograph.height, photograph.width) / 1024))
    small = to_uint8(photograph.shown())[::factor, ::factor].mean(axis=2).astype(np.float32)
    detail = np.abs(small - cv2.GaussianBlur(small, (0, 0), 2))
    side = max(1, min(CROP // factor, *small.shape))
    corners = salient_corners(detail, side, CROPS, side)
    return sorted(((top * factor, left * factor) for top, left in corners), key=lambda corner: corner[1])


def _column(photograph: Photograph, corners: list[Corner]) -> Image.Image:
    view = to_uint8(photograph.shown())
    scale = WIDTH / view.shape[1]
    whole = cv2.resize(
        view,
        (WIDTH, max(1, min(round(view.shape[0] * scale), 4 * WIDTH))),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
    )
    side = (WIDTH - GAP) // 2
    column = Image.new("RGB", (WIDTH, whole.shape[0] + GAP + side), PAPER)
    column.paste(Image.fromarray(whole), (0, 0))
    for index, (top, left) in enumerate(corners):
        crop = Image.fromarray(view[top : top + CROP, left : left + CROP])
        # Nearest: the pixels themselves are to be judged, not an interpolation between them.
        enlarged = crop.resize(
            (side, max(1, round(side * crop.height / crop.width))), Image.Resampling.NEAREST
        )
        column.paste(enlarged.crop((0, 0, side, side)), (index * (side + GAP), whole.shape[0] + GAP))
    return column


def _label(sheet: Image.Image, corner: tuple[int, int], words: str) -> None:
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=22)
    box = draw.textbbox(corner, words, font=font)
    draw.rectangle((box[0] - 8, box[1] - 6, box[2] + 8, box[3] + 6), fill=(0, 0, 0))
    draw.text(corner, words, font=font, fill=PAPER)
