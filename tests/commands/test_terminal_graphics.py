"""Pixels for terminals: what is written is decoded again, and what is asked is answered by terminals of several kinds."""

import io
import os
import re
import threading
from base64 import b64decode
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from restora.commands import terminal_graphics
from restora.commands.terminal_graphics import Graphics, graphics, kitty, sixels
from restora.commands.terminal_picture import show_comparison
from restora.images import Photograph, write

pytest.importorskip("termios")
DA1, REGISTERS, KITTY = b"\x1b[c", b"\x1b[?1;1S", b"\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
XTERM = {DA1: b"\x1b[?64;1;2;4;6c", REGISTERS: b"\x1b[?1;0;16S"}


def picture(height=20, width=31):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 8 % 256, y * 12 % 256, (x + y) * 3], axis=2).astype(np.uint8)


def decoded_sixels(text):
    """Read a picture as a VT340 does: what is not drawn stays black."""
    width, height, body = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL).groups()
    pixels = np.zeros((int(height) + 6, int(width), 3))
    registers, x, y, colour = {}, 0, 0, None
    for number, value, count, letter in re.findall(r"#(\d+)(?:;2;([\d;]+))?|(?:!(\d+))?([?-~$-])", body):
        if value:
            registers[number] = [255 * int(share) / 100 for share in value.split(";")]
        elif number:
            colour = registers[number]
        elif letter == "$":
            x = 0
        elif letter == "-":
            x, y = 0, y + 6
        else:
            run = slice(x, x := x + int(count or 1))
            for bit in range(6):
                if ord(letter) - 63 >> bit & 1:
                    pixels[y + bit, run] = colour
    assert not pixels[int(height) :].any()
    return pixels[: int(height)]


def decoded_kitty(text):
    parts = re.findall(r"\x1b_G(?:a=T,f=100,q=2,)?m=([01]);([^\x1b]*)\x1b\\", text)
    assert (
        "".join(f"\x1b_G{'' if i else 'a=T,f=100,q=2,'}m={m};{c}\x1b\\" for i, (m, c) in enumerate(parts))
        == text
    )
    assert [m for m, _ in parts] == ["1"] * (len(parts) - 1) + ["0"]
    assert max(len(content) for _, content in parts) <= 4096
    return np.asarray(Image.open(io.BytesIO(b64decode("".join(content for _, content in parts)))))


def test_sixels_are_the_picture_in_as_many_colours_as_there_are():
    few = np.repeat(np.repeat(np.array([[[255, 0, 0], [0, 51, 255]]], np.uint8), 7, 0), 5, 1)
    assert np.array_equal(np.rint(decoded_sixels(sixels(few))), few)
    smooth = picture()
    assert np.abs(decoded_sixels(sixels(smooth)) - smooth).mean() < 6
    coarse = decoded_sixels(sixels(smooth, 16))
    assert len(np.unique(coarse.reshape(-1, 3), axis=0)) <= 16
    assert np.abs(coarse.mean((0, 1)) - smooth.mean((0, 1))).max() < 8  # dithered


def test_kitty_gets_the_picture_as_it_is():
    random = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)  # several chunks
    assert np.array_equal(decoded_kitty(kitty(random)), random)


def test_a_picture_is_reduced_to_the_terminal_and_never_enlarged():
    assert decoded_kitty(Graphics("kitty", 0, (30, 10)).draw(picture(40, 60))).shape == (10, 15, 3)
    assert decoded_kitty(Graphics("kitty", 0, (999, 999)).draw(picture(40, 60))).shape == (40, 60, 3)


@contextmanager
def terminal(answers, size=(24, 80, 0, 0)):
    """A terminal that gives these answers; yields a console on it, and what it has been sent."""
    import fcntl
    import struct
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", *size))
    sent, waiting = bytearray(), bytearray()

    def run():
        while True:
            try:
                content = os.read(ours, 65536)
            except OSError:  # closed
                return
            sent.extend(content)
            waiting.extend(content)
            for question in sorted(answers, key=len, reverse=True):
                if question in waiting:
                    at = waiting.index(question)
                    del waiting[at : at + len(question)]
                    os.write(ours, answers[question])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    terminal_graphics._asked.cache_clear()
    with os.fdopen(theirs, "w", encoding="utf-8", newline="") as file:
        modes = termios.tcgetattr(theirs)
        yield Console(file=file, force_terminal=True, color_system="truecolor"), sent
        assert termios.tcgetattr(theirs) == modes
    thread.join(5)
    os.close(ours)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("TERM_PROGRAM", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize(
    ("answers", "variables", "expected", "asked"),
    [
        (XTERM, {}, ("sixel", 16, (640, 352)), [DA1, REGISTERS]),
        ({DA1: b"\x1b[?62;4c"}, {}, ("sixel", 256, (640, 352)), [DA1, REGISTERS]),
        ({DA1: b"\x1b[?65;1;9c"}, {}, None, [DA1]),  # 4 is sixels, 65 is none
        ({DA1: b"\x1b[?62;4c"}, {"TERM": "tmux", "TMUX": "x", "KITTY_WINDOW_ID": "1"}, ("sixel", 256, (640, 352)), [DA1]),
        ({KITTY: b"\x1b_Gi=1;OK\x1b\\", DA1: b"\x1b[?62;c"}, {"TERM": "xterm-kitty"}, ("kitty", 0, (640, 352)), [KITTY]),
        (XTERM, {"KITTY_WINDOW_ID": "1"}, ("sixel", 16, (640, 352)), [KITTY, DA1]),  # started from kitty
    ],
)  # fmt: skip
def test_a_terminal_is_asked_what_it_takes(monkeypatch, answers, variables, expected, asked):
    monkeypatch.setattr(terminal_graphics, "_PATIENCE", 0.3)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with terminal(answers) as (console, sent):
        found = graphics(console.file)
        assert (found and (found.protocol, found.colours, found.size)) == expected
        assert all(question in sent for question in asked)
        assert (KITTY in sent) == (KITTY in asked)
        size = len(sent)
        assert graphics(console.file) == found
        assert len(sent) == size  # asked once


def test_the_size_is_that_of_the_terminal_in_pixels():
    with terminal(XTERM, (20, 80, 800, 400)) as (console, _):
        assert graphics(console.file).size == (800, 360)


def shown(tmp_path, answers, **options):
    before, after = (
        write(tmp_path / f"{i}.png", Photograph(picture(60, 80)), overwrite=True) for i in range(2)
    )
    with terminal(answers, **options) as (console, sent):
        show_comparison(console, before, after)
        console.file.flush()
        length = -1
        while length != len(sent):  # until the terminal has read all of it
            length = len(sent)
            threading.Event().wait(0.2)
        return sent.decode()


def test_the_comparison_is_drawn_and_the_bar_goes_on_below(tmp_path):
    text = shown(tmp_path, XTERM, size=(50, 100, 400, 500))
    start, end = text.index("\x1bP"), text.index("\x1b\\") + 2
    drawn = decoded_sixels(text[start:end])
    assert drawn.shape[1] == 400
    assert text[end:].strip("\r") == "\n"
    assert "▀" not in text


def test_other_terminals_get_letters_and_no_codes_of_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(terminal_graphics, "_PATIENCE", 0.3)
    for answers in ({DA1: b"\x1b[?62;22c"}, {}):
        text = shown(tmp_path, answers)
        assert "▀" in text
        assert "\x1bP" not in text
        assert "\x1b_" not in text


def test_a_pipe_is_not_asked_and_gets_no_pictures(tmp_path):
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as file:
        assert graphics(file) is None
    assert os.read(ours, 10) == b""
    os.close(ours)
    assert graphics(io.StringIO()) is None
