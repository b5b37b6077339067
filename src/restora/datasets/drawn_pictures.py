"""Text and line art, drawn as they are needed: what photographs hold too little of."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from restora.errors import RestoraError

RGB8 = NDArray[np.uint8]

WORDS = (
    "the", "light", "of", "a", "lamp", "falls", "on", "an", "open", "book", "while", "rain", "runs", "down", "window",
    "and", "nobody", "turns", "page", "figure", "table", "total", "sum", "all", "errors", "is", "zero", "proof",
    "theorem", "E", "=", "m", "c", "x", "y", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0",
)  # fmt: skip
BLOCKS = (0x0391, 0x0410, 0x05D0, 0x0905, 0x3042, 0x4E00, 0xAC00)
"""First letters of scripts that a font may have: Greek, Cyrillic, Hebrew, Devanagari, Hiragana, Han, Hangul."""
_LETTERS = 24  # of a script, from its first one on


def drawn_picture(random: np.random.Generator, side: int, fonts: Sequence[Path] = ()) -> RGB8:
    """Draw a page of text or line art: (side, side, 3).

    Args:
        random: Source of everything drawn.
        side: In pixels.
        fonts: Files of fonts for text, from `find_fonts`; Pillow's own by default.
    """
    return page_of_text(random, side, fonts) if random.random() < 0.6 else line_art(random, side)


def page_of_text(random: np.random.Generator, side: int, fonts: Sequence[Path] = ()) -> RGB8:
    """Draw a page: dark letters on unevenly lit paper, or light ones on a dark sign."""
    ink, paper = random.uniform(0, 0.3), random.uniform(0.6, 1.0)
    if random.random() < 0.2:
        ink, paper = paper, ink
    page = Image.new("L", (side, side), 0)
    draw, down = ImageDraw.Draw(page), float(random.uniform(-10, 10))
    path = fonts[int(random.integers(len(fonts)))] if fonts else None
    words = (*WORDS, *_words_of(path)) if path else WORDS
    while down < side:
        size = float(random.choice([11, 13, 16, 20, 28, 44, 70], p=[0.2, 0.25, 0.2, 0.15, 0.1, 0.06, 0.04]))
        line = " ".join(random.choice(words, 14))
        font = ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
        draw.text((random.uniform(-30, 30), down), line, fill=255, font=font)
        down += size * random.uniform(1.1, 1.8)
    angle = float(random.normal(0, 4))
    letters = np.asarray(page.rotate(angle, Image.Resampling.BICUBIC), np.float32)[..., None] / 255
    ramp = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    light = (
        1 + random.uniform(-0.2, 0.2) * ramp[:, None, None] + random.uniform(-0.2, 0.2) * ramp[None, :, None]
    )
    tint = random.uniform(0.88, 1, 3).astype(np.float32)
    page_colour = (paper + (ink - paper) * letters) * light * tint
    return np.rint(np.clip(page_colour, 0, 1) * 255).astype(np.uint8)


def line_art(random: np.random.Generator, side: int) -> RGB8:
    """Draw lines, curves, polygons and discs in colours of the whole range, at twice the size and reduced: smooth edges."""
    large = 2 * side

    def colour() -> tuple[int, ...]:
        return tuple(int(value) for value in random.integers(0, 256, 3))

    def points(count: int) -> list[tuple[float, float]]:
        return [tuple(random.uniform(-0.1 * large, 1.1 * large, 2)) for _ in range(count)]

    page = Image.new("RGB", (large, large), colour())
    draw = ImageDraw.Draw(page)
    for _ in range(int(random.integers(4, 16))):
        kind, width = random.integers(4), int(random.integers(1, 14))
        if kind == 0:
            draw.line(points(int(random.integers(2, 8))), fill=colour(), width=width, joint="curve")
        elif kind == 1:
            draw.polygon(points(int(random.integers(3, 6))), fill=colour())
        else:
            (x, y), (radius,) = points(1)[0], random.uniform(4, large / 3, 1)
            box = (x - radius, y - radius, x + radius, y + radius)
            if kind == 2:
                draw.ellipse(box, fill=colour(), outline=colour(), width=width)
            else:
                start, end = sorted(random.uniform(0, 360, 2))
                draw.arc(box, start, end, fill=colour(), width=width)
    return np.asarray(page.reduce(2), np.uint8)


def find_fonts(folder: str | Path) -> tuple[Path, ...]:
    """Return the fonts below a folder, sorted, those left out that Pillow cannot use.

    Raises:
        RestoraError: There is none.
    """
    found = sorted(
        path for path in Path(folder).rglob("*") if path.suffix.lower() in (".ttf", ".otf", ".ttc")
    )
    usable = tuple(path for path in found if _usable(path))
    if not usable:
        raise RestoraError(
            f"{folder}: holds no fonts (.ttf, .otf, .ttc) that can be used; name another folder"
        )
    return usable


def _usable(path: Path) -> bool:
    try:
        return ImageFont.truetype(path, 20).getlength("ab") > 0
    except (OSError, ValueError):
        return False


@cache
def _words_of(path: Path) -> tuple[str, ...]:
    """Return words of the scripts other than Latin that a font has letters of."""
    font = ImageFont.truetype(path, 20)
    missing = bytes(font.getmask("\U0010fffe"))
    known = [
        [
            letter
            for letter in map(chr, range(first, first + _LETTERS))
            if bytes(font.getmask(letter)) != missing
        ]
        for first in BLOCKS
    ]
    return tuple(
        "".join(letters[i : i + 5])
        for letters in known
        if len(letters) > _LETTERS // 2
        for i in range(0, 20, 5)
    )
