r"""Pictures in terminals that take pixels: by kitty's graphics protocol, or as sixels.

- kitty: https://sw.kovidgoyal.net/kitty/graphics-protocol/, a PNG in base64, 4096 letters at a time.
- Sixels: VT330/VT340 Programmer Reference, volume 2, chapter 14, https://vt100.net/docs/vt3xx-gp/chapter14.html: six pixels
  from top to bottom a letter, one colour after the other.

A terminal is asked what it takes. The question whether it knows sixels (its attributes, ``CSI c``) is understood by all; that for kitty's
protocol is printed by some as it is, so it is put only where the environment tells of a terminal that knows it.
"""

import io
import os
import re
import sys
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from select import select
from typing import IO, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

if sys.platform != "win32":
    import struct
    import termios
    import tty
    from fcntl import ioctl

_PATIENCE = 1.0
"""Seconds that a terminal has for an answer; it may be far away."""
_CELL = (8, 16)
"""Pixels of a letter where the terminal does not say."""
_KITTY = {"xterm-kitty", "xterm-ghostty", "ghostty", "WezTerm"}
"""``TERM`` or ``TERM_PROGRAM`` of terminals that know kitty's protocol."""
_CHUNK = 4096
_COLOURS = 256
"""Of a sixel picture, where the terminal does not say how many it has."""

RGB8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Graphics:
    """How a terminal is given pixels.

    Attributes:
        protocol: Of the two.
        colours: That a picture may have at once, if they are sixels.
        size: Width and height of the terminal in pixels, less two lines.
    """

    protocol: Literal["kitty", "sixel"]
    colours: int
    size: tuple[int, int]

    def draw(self, pixels: RGB8) -> str:
        """Return what shows a picture (H, W, 3), reduced where it is larger than the terminal."""
        height, width = pixels.shape[:2]
        scale = min(1.0, self.size[0] / width, self.size[1] / height)
        if scale < 1:
            small = max(1, round(scale * width)), max(1, round(scale * height))
            pixels = np.asarray(cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), np.uint8)
        return kitty(pixels) if self.protocol == "kitty" else sixels(pixels, self.colours)


def graphics(file: IO[str]) -> Graphics | None:
    """Tell how the terminal that a file is takes pixels; ``None`` for what takes none, or is no terminal."""
    if sys.platform == "win32" or not file.isatty():
        return None
    try:
        protocol, colours = _asked(os.ttyname(file.fileno()))
        rows, columns, width, height = struct.unpack("4H", ioctl(file.fileno(), termios.TIOCGWINSZ, bytes(8)))
    except (OSError, termios.error):
        return None
    if protocol is None:
        return None
    width, height = width or _CELL[0] * columns, height or _CELL[1] * rows
    return Graphics(protocol, colours, (width, height * max(1, rows - 2) // max(1, rows)))


@cache
def _asked(name: str) -> tuple[Literal["kitty", "sixel"] | None, int]:
    """Ask a terminal, by the name of its device, for its protocol and its colours; once."""
    assert sys.platform != "win32"
    terminal = os.open(name, os.O_RDWR | os.O_NOCTTY)
    try:
        if _in_background(terminal):  # the system would stop it for asking
            return None, 0
        before = termios.tcgetattr(terminal)
        tty.setcbreak(terminal)
        try:
            if _may_be_kitty() and b"_Gi=1;OK" in _answer(
                terminal, b"\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c", rb"\x1b\[\?[\d;]*c"
            ):
                return "kitty", 0
            attributes = re.search(rb"\x1b\[\?([\d;]+)c", _answer(terminal, b"\x1b[c", rb"\x1b\[\?[\d;]*c"))
            if attributes is None or b"4" not in attributes[1].split(b";"):
                return None, 0
            # XTSMGRAPHICS, in "XTerm Control Sequences": how many colour registers there are
            registers = _answer(terminal, b"\x1b[?1;1S\x1b[c", rb"\x1b\[\?[\d;]*c")
            told = re.search(rb"\x1b\[\?1;0;(\d+)S", registers)
            return "sixel", min(max(2, int(told[1])), _COLOURS) if told else _COLOURS
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
    finally:
        os.close(terminal)


def _may_be_kitty() -> bool:
    """Tell whether kitty's question may be put: not within tmux, which takes it for a title."""
    known = os.environ
    named = {known.get("TERM"), known.get("TERM_PROGRAM")} & _KITTY
    return bool(named or {"KITTY_WINDOW_ID", "KONSOLE_VERSION"} & {*known}) and "TMUX" not in known


def _in_background(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:  # it is not the one that this process is controlled from
        return False


def _answer(terminal: int, question: bytes, end: bytes) -> bytes:
    """Put a question, and return what is said until a pattern is matched, or nothing more comes."""
    os.write(terminal, question)
    said = b""
    while not re.search(end, said) and select([terminal], [], [], _PATIENCE)[0]:
        said += os.read(terminal, 1024)
    return said


def kitty(pixels: RGB8) -> str:
    """Write a picture (H, W, 3) in kitty's graphics protocol, pixel by pixel."""
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "png")
    content = b64encode(png.getvalue()).decode()
    parts = [content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK)]
    last = len(parts) - 1
    return "".join(
        f"\x1b_G{'' if i else 'a=T,f=100,q=2,'}m={int(i < last)};{part}\x1b\\" for i, part in enumerate(parts)
    )


def sixels(pixels: RGB8, colours: int = _COLOURS) -> str:
    """Write a picture (H, W, 3) as sixels, in so many colours, dithered."""
    image = Image.fromarray(pixels)
    palette = image.quantize(colours)
    numbers = np.asarray(image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
    registers = np.asarray(palette.getpalette(), np.float64).reshape(-1, 3)[:colours] * 100 / 255
    height, width = numbers.shape
    parts = [f'\x1bP0;1q"1;1;{width};{height}']
    parts += [
        f"#{number};2;{';'.join(str(round(share)) for share in colour)}"
        for number, colour in enumerate(registers)
    ]
    for top in range(0, height, 6):
        band = numbers[top : top + 6]
        weights = 2 ** np.arange(len(band), dtype=np.uint8)[:, None]
        lines = []
        for number in np.unique(band):
            letters = (63 + ((band == number) * weights).sum(0)).astype(np.uint8).tobytes().decode()
            runs = re.sub(r"(.)\1{3,}", lambda run: f"!{len(run[0])}{run[1]}", letters)
            lines.append(f"#{number}{runs}")
        parts.append("$".join(lines) + "-")
    return "".join(parts) + "\x1b\\"
