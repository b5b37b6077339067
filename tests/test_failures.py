import errno
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from restora.errors import RestoraError
from restora.failures import failure, out_of_memory

PHOTO = Path("in/a.png")


def raised(error):
    """An error with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RestoraError("in/a.png: is empty"), "in/a.png: is empty"),
        (RestoraError("out/a.png: exists"), "out/a.png: exists"),
        (RestoraError("is empty"), "in/a.png: is empty"),
        (
            RuntimeError("Exception from core.cpp:132: can't alloc"),
            "in/a.png: memory does not suffice; close other programs, or scale the picture down",
        ),
        (MemoryError(), "in/a.png: memory does not suffice; close other programs, or scale the picture down"),
        (
            OSError(errno.ENAMETOOLONG, "File name too long", "out/a.png"),
            "out/a.png: the name is too long; choose a shorter one",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "in/a.png: there is no space left on the disk; free some, or write to another one",
        ),
    ],
)
def test_what_a_user_can_mend_is_said(error, line, cache):
    assert failure(error, PHOTO, Path("out/a.png")) == line
    assert not cache.exists()


def test_what_a_user_can_mend_has_an_entry():
    errors = (RestoraError("no"), MemoryError(), OSError(errno.ENOSPC, "full"), ValueError("no"))
    entries = [failure(error, PHOTO).entry.removeprefix("troubleshooting#") for error in errors]
    assert entries == [__name__.replace(".", "-"), "failures", "atomic", ""]


def test_memory_runs_out_in_the_words_of_libraries():
    with pytest.raises(cv2.error) as caught:
        cv2.resize(np.zeros((2, 2), np.uint8), (2**31 - 1, 2**31 - 1), interpolation=cv2.INTER_NEAREST)
    assert out_of_memory(caught.value)
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_the_unexpected_gets_a_reference_and_its_traceback_a_file(cache):
    lines = {failure(raised(ValueError("two\nlines")), path) for path in (PHOTO, Path("in/b.png"))}
    (report,) = (cache / "errors").iterdir()
    reference = report.stem
    assert lines == {
        f"in/{name}.png: failed unexpectedly (ValueError: two lines), reference {reference}; please report it with {report}"
        for name in "ab"
    }
    text = report.read_text()
    assert text.startswith("restora ")
    assert text.endswith("ValueError: two\nlines\n")
    assert "in raised" in text
    other = failure(raised(KeyError("two\nlines")), PHOTO)
    assert reference not in other


def test_the_traceback_is_logged_where_that_is_asked_for(cache, caplog):
    with caplog.at_level(logging.DEBUG, "restora"):
        line = failure(raised(ValueError("no")), PHOTO)
    assert "in raised" in caplog.text
    assert line.split("reference ")[1] in caplog.text
    assert not cache.exists()


def test_without_a_place_for_the_traceback_the_option_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path / "file"))
    assert failure(raised(ValueError("no")), PHOTO).endswith("; --debug shows the traceback")
