"""A picture in a terminal: in pixels where it takes them, else two a letter, the upper half in one colour and the lower in another."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import ControlType, Segment
from rich.style import Style
from rich.text import Text

from restora.commands.terminal_graphics import graphics
from restora.images import read
from restora.restoration.comparison import comparison


def show_comparison(console: Console, before: Path, after: Path) -> None:
    """Show a file before and after with the same crops of both, as wide as the terminal; nothing where it has no colours."""
    if console.is_terminal and console.color_system is not None:
        sheet = comparison(read(before), read(after)).pixels
        if drawing := graphics(console.file):
            console.print(_Drawn(drawing.draw(sheet)))
        else:
            console.print(half_blocks(sheet, console.width, 2 * (console.height - 2)), end="")


@dataclass(frozen=True)
class _Drawn:
    """What a terminal obeys, a line of it, for rich to put above the bar."""

    codes: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.codes, None, [(ControlType.CURSOR_FORWARD, 0)])  # takes no letters
        yield Segment.line()


def half_blocks(pixels: NDArray[np.uint8], width: int, height: int) -> Text:
    """Draw a picture in letters.

    Args:
        pixels: (H, W, 3).
        width: Of the terminal, in letters.
        height: Most pixels from top to bottom, two a line.

    Returns:
        Lines of at most so many letters, the proportions of the picture kept.
    """
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    columns, lines = (
        max(1, int(scale * side / step)) for side, step in ((pixels.shape[1], 1), (pixels.shape[0], 2))
    )
    small = np.asarray(cv2.resize(pixels, (columns, 2 * lines), interpolation=cv2.INTER_AREA))
    text = Text(no_wrap=True, end="")
    for upper, lower in zip(small[::2].tolist(), small[1::2].tolist(), strict=True):
        for above, below in zip(upper, lower, strict=True):
            text.append("▀", Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below)))
        text.append("\n")
    return text
