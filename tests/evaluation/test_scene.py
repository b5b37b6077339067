import re

import numpy as np
import pytest

from restora.errors import RestoraError
from restora.evaluation.scene import Frame, Picture, Scene, Words, fitted, font, paint, write_pdf

SCENE = Scene(
    60,
    40,
    (
        Picture(np.full((10, 20, 3), 77, np.uint8), 5, 3),
        Frame(30, 3, 20, 10, (255, 0, 0), 2),
        Words("Noisy $5", 30, 30, 12),
    ),
)


def test_items_are_painted_where_they_lie():
    sheet = paint(SCENE)
    assert sheet.shape == (40, 60, 3)
    assert (sheet[3:13, 5:25] == 77).all()
    assert (sheet[3:5, 30:50] == (255, 0, 0)).all()
    assert (sheet[5:11, 32:48] == 255).all()
    assert (sheet[13:20] == 255).all()
    lettered = np.nonzero(sheet[20:].min(axis=(1, 2)) < 128)[0] + 20
    assert abs(lettered.mean() - 30) < 3


def test_words_too_long_shrink_and_then_are_cut():
    full = font(20).getlength("Method")
    assert fitted("Method", 20, full) == ("Method", 20)
    words, size = fitted("Method", 20, 0.8 * full)
    assert words == "Method"
    assert size == pytest.approx(16)
    words, size = fitted("Method" * 5, 20, full)
    assert words.endswith("…")
    assert font(size).getlength(words) <= 1.02 * full


def test_a_pdf_has_text_and_is_the_same_every_time(tmp_path):
    pytest.importorskip("matplotlib")
    first = write_pdf(tmp_path / "a" / "first.pdf", SCENE).read_bytes()
    assert first.startswith(b"%PDF")
    assert b"/FontFile2" in first  # embedded
    width = float(re.search(rb"/MediaBox \[ 0 0 ([\d.]+)", first)[1])
    assert width == 7 * 72
    assert write_pdf(tmp_path / "second.pdf", SCENE).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["second.pdf"]


def test_a_pdf_that_cannot_be_written_is_explained(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "file").touch()
    with pytest.raises(RestoraError, match=r"a\.pdf: a part of the path is a file"):
        write_pdf(tmp_path / "file" / "a.pdf", SCENE)


def test_without_matplotlib_a_pdf_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(RestoraError, match=r"pip install 'restora\[figures\]'"):
        write_pdf(tmp_path / "a.pdf", SCENE)
