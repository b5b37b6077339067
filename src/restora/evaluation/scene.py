"""Scene of pictures, frames and words, painted as pixels or as a PDF page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError

if TYPE_CHECKING:
    from PIL import ImageFont

RGB8 = NDArray[np.uint8]
Colour = tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
GRAY: Colour = (90, 90, 90)
WHITE: Colour = (255, 255, 255)
PAGE_INCHES = 7.0
"""Width of a PDF page: the text of a paper in two columns."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels, (H, W, 3), laid down as they are."""

    pixels: RGB8
    left: int
    top: int


@dataclass(frozen=True)
class Frame:
    """The border of a rectangle, drawn inside it."""

    left: int
    top: int
    width: int
    height: int
    colour: Colour
    thickness: int


@dataclass(frozen=True)
class Words:
    """A line of text; `x` is its left end or its middle, `y` the middle of its height."""

    words: str
    x: float
    y: float
    size: float
    colour: Colour = BLACK
    anchor: Literal["left", "middle"] = "middle"


@dataclass(frozen=True, eq=False)
class Scene:
    """What lies on a white sheet, in pixels, later items over earlier ones."""

    width: int
    height: int
    items: Sequence[Picture | Frame | Words]


def paint(scene: Scene) -> RGB8:
    """Paint a scene as (height, width, 3) pixels."""
    from PIL import Image, ImageDraw

    sheet = Image.new("RGB", (scene.width, scene.height), WHITE)
    draw = ImageDraw.Draw(sheet)
    for item in scene.items:
        if isinstance(item, Picture):
            sheet.paste(Image.fromarray(item.pixels), (item.left, item.top))
        elif isinstance(item, Frame):
            box = (item.left, item.top, item.left + item.width - 1, item.top + item.height - 1)
            draw.rectangle(box, outline=item.colour, width=item.thickness)
        else:
            anchor = {"left": "lm", "middle": "mm"}[item.anchor]
            draw.text((item.x, item.y), item.words, item.colour, font(item.size), anchor)
    return np.asarray(sheet)


def write_pdf(path: Path, scene: Scene) -> Path:
    """Write a scene as a PDF page `PAGE_INCHES` wide: pictures without loss, words as text in an embedded font.

    Raises:
        RestoraError: matplotlib is not installed, or the file cannot be written.
    """
    from restora.evaluation.plots import saved

    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
        from matplotlib.patches import Rectangle
    except ImportError as error:
        raise RestoraError(
            f"{path}: PDF needs matplotlib; pip install 'restora[figures]', or write a .png"
        ) from error
    points = PAGE_INCHES * 72 / scene.width  # of a pixel
    with rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans"}):
        page = Figure(figsize=(PAGE_INCHES, PAGE_INCHES * scene.height / scene.width))
        axes = page.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.axis("off")
        for order, item in enumerate(scene.items):
            if isinstance(item, Picture):
                height, width = item.pixels.shape[:2]
                edges = (item.left, item.left + width, item.top + height, item.top)
                axes.imshow(item.pixels, extent=edges, interpolation="none", aspect="auto", zorder=order)
            elif isinstance(item, Frame):
                inset = item.thickness / 2  # a line lies on both sides of its path
                corner = item.left + inset, item.top + inset
                colour = _fraction(item.colour)
                size = item.width - item.thickness, item.height - item.thickness
                line = item.thickness * points
                border = Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=line, zorder=order)
                border.set_joinstyle("miter")
                axes.add_patch(border)
            else:
                axes.text(
                    item.x,
                    item.y,
                    item.words.replace("$", r"\$"),
                    fontsize=item.size * points,
                    color=_fraction(item.colour),
                    ha={"left": "left", "middle": "center"}[item.anchor],
                    va="center_baseline",
                    zorder=order,
                )
        axes.set_xlim(0, scene.width)
        axes.set_ylim(scene.height, 0)
        return saved(page, path)


def fitted(words: str, size: float, width: float) -> tuple[str, float]:
    """Make a line fit a width: smaller down to two thirds, then cut at an ellipsis.

    Returns:
        The line and its size.
    """
    length = font(size).getlength(words)
    if length <= width:
        return words, size
    size *= max(2 / 3, width / length)
    letters = font(size)
    room = 1.02 * width  # letters are placed on whole pixels, so lengths are not quite in proportion
    if letters.getlength(words) > room:
        while len(words) > 1 and letters.getlength(words + "…") > room:
            words = words[:-1]
        words += "…"
    return words, size


@lru_cache(maxsize=32)
def font(size: float) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    """DejaVu Sans, as matplotlib brings it; without matplotlib Pillow's own font, of Latin letters without accents."""
    from PIL import ImageFont

    matplotlib = find_spec("matplotlib")
    for folder in (matplotlib and matplotlib.submodule_search_locations) or ():
        file = Path(folder) / "mpl-data/fonts/ttf/DejaVuSans.ttf"
        if file.is_file():
            return ImageFont.truetype(str(file), size)
    return ImageFont.load_default(size)


def _fraction(colour: Colour) -> Any:
    return tuple(part / 255 for part in colour)
