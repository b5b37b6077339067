"""Photographs that come by streams, lists and folders that fill; many at once; what is shown and opened."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from restora.commands import inputs, terminal_picture
from restora.commands.app import main
from restora.commands.inputs import Arrivals
from restora.commands.options import shared_threads
from restora.images import Metadata, Photograph, encode, read, read_all, write
from restora.restoration import Job
from restora.restoration.pipeline import side_by_side


def noisy(*shape, seed=0):
    values = 120 + np.random.default_rng(seed).normal(0, 25, shape)
    return np.rint(values.clip(0, 255)).astype(np.uint8)


class Stream(io.TextIOWrapper):
    pass


@pytest.fixture
def streamed(tmp_path, monkeypatch):
    """Run the command line with bytes on its standard input, and return its exit code and the bytes that it prints."""

    def run(*words, content=b""):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["restora", *map(str, words)])
        files = [io.BytesIO(content), io.BytesIO(), io.BytesIO()]
        streams = [Stream(file) for file in files]
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            monkeypatch.setattr(sys, name, stream)
        with pytest.raises(SystemExit) as exit_:
            main()
        for stream in streams[1:]:
            stream.flush()
        return int(exit_.value.code or 0), files[1].getvalue(), files[2].getvalue().decode()

    return run


def test_an_animation_keeps_its_frames_in_a_file_and_by_streams(tmp_path, streamed):
    frames = [Image.fromarray(noisy(40, 56, seed=seed)) for seed in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=[50, 60, 70], loop=2)
    words = "--task", "denoise", "--engine", "torch"
    code, out, err = streamed("restore", "a.gif", *words)
    assert (code, out, err) == (0, b"a-restored.gif\n", "")
    image: Any  # Pillow does not declare n_frames
    with Image.open(tmp_path / "a-restored.gif") as image:
        assert (image.n_frames, image.info["loop"]) == (3, 2)
        durations, spread = [], []
        for number, frame in enumerate(frames):
            image.seek(number)
            durations.append(image.info["duration"])
            spread.append(np.asarray(image.convert("L")).std() / np.asarray(frame).std())
    assert durations == [50, 60, 70]
    assert max(spread) < 0.5
    content = (tmp_path / "a.gif").read_bytes()
    code, picture, err = streamed("restore", "-", *words, content=content)
    assert (code, picture) == (0, (tmp_path / "a-restored.gif").read_bytes())
    assert streamed("restore", "-", "-o", "b.webp", *words, content=content)[0] == 0
    assert [frame.height for frame in read_all(tmp_path / "b.webp")] == [40, 40, 40]


def test_a_photograph_comes_and_goes_by_streams(tmp_path, streamed):
    photograph = Photograph(noisy(40, 56, 3), metadata=Metadata(dpi=(300, 300)))
    source = write(tmp_path / "photo.png", photograph)
    code, picture, err = streamed("restore", "-", "--task", "denoise", content=source.read_bytes())
    assert (code, err) == (0, "")
    (tmp_path / "streamed.png").write_bytes(picture)
    assert streamed("restore", "photo.png", "--task", "denoise", "-o", "file.png")[0] == 0
    assert picture == (tmp_path / "file.png").read_bytes()
    assert streamed("restore", "photo.png", "--task", "denoise", "-o", "-")[1] == picture
    code, out, _ = streamed("restore", "-", "--task", "denoise", "-o", "b.jpg", content=source.read_bytes())
    assert (code, out) == (0, b"b.jpg\n")
    assert read(tmp_path / "b.jpg").metadata.dpi == (300, 300)
    assert (
        streamed("restore", "-", "--task", "denoise", "--format", "jpg", content=picture)[1][:3]
        == b"\xff\xd8\xff"
    )


def test_what_cannot_be_streamed_is_said(tmp_path, streamed, monkeypatch):
    code, out, err = streamed("restore", "-", "--task", "denoise", content=b"no picture")
    assert (code, out) == (1, b"")
    assert err.startswith("restora: ")
    assert "not an image" in err
    write(tmp_path / "a.png", Photograph(noisy(8, 8, 3)))
    for words in (("-", "a.png"), ("-", "--compare"), ("a.png", "a.png", "-o", "-"), ("-", "--watch")):
        code, out, err = streamed("restore", *words, "--task", "denoise")
        assert (code, out) == (2, b"")
        assert "- is one photograph alone" in err
    monkeypatch.setattr(Stream, "isatty", lambda stream: True)
    code, out, err = streamed("restore", "a.png", "-o", "-", "--task", "denoise")
    assert (code, out) == (2, b"")
    assert "a picture is not for a terminal" in err


@pytest.mark.parametrize(
    ("words", "end"),
    [(("--files-from", "-"), b"\n"), (("-0",), b"\0"), (("-0", "--files-from", "list"), b"\0")],
)
def test_names_come_in_a_list(tmp_path, streamed, words, end):
    names = ["a.png", "b 2.png"] + (["two\nlines.png"] if end == b"\0" else [])
    for name in names:
        write(tmp_path / name, Photograph(noisy(8, 8, 3)))
    content = b"".join(name.encode() + end for name in names)
    (tmp_path / "list").write_bytes(content)
    code, _, err = streamed("restore", *words, "-o", "out", "--task", "denoise", content=content)
    assert (code, err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)


def test_a_missing_list_and_no_input_at_all_are_wrong_usage(streamed):
    assert streamed("restore", "--files-from", "nosuch")[::2] == (
        2,
        "restora: nosuch: cannot be read (No such file or directory); name a list of files, or -\n",
    )
    code, _, err = streamed("restore")
    assert code == 2
    assert "restora: INPUT is missing" in err


def test_files_that_are_still_written_are_waited_for(tmp_path, monkeypatch):
    now = 0.0
    monkeypatch.setattr(inputs, "monotonic", lambda: now)
    job = Job(tmp_path / "a.png", tmp_path / "out.png")
    arrivals, given = Arrivals(), []
    for moment, content in enumerate(
        [None, b"", b"", b"", b"h", b"ha", b"half", b"half", b"half", b"half", b"new", b"new", b"new"]
    ):
        now = float(moment)
        if content is not None and (not job.source.exists() or job.source.read_bytes() != content):
            job.source.write_bytes(content)
            os.utime(job.source, (moment, moment))
        if arrivals.ready([job]):
            given.append((moment, content))
    assert given == [(8, b"half"), (12, b"new")]


@pytest.mark.slow
def test_a_folder_is_watched_until_ctrl_c(tmp_path):
    inbox = tmp_path / "inbox"
    write(inbox / "0.png", Photograph(noisy(24, 24, 3)))
    process = subprocess.Popen(
        [sys.executable, "-m", "restora", "restore", "inbox", "--watch", "--task", "denoise"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr.readline() == "watching inbox; Ctrl-C ends it\n"
    assert process.stdout.readline() == "inbox/0-restored.png\n"
    content = encode(Photograph(noisy(24, 24, 3, seed=1)))
    with (inbox / "1.png").open("wb") as stream:  # a slow camera
        for start in range(0, len(content), len(content) // 4 + 1):
            stream.write(content[start : start + len(content) // 4 + 1])
            stream.flush()
            time.sleep(1)
    assert process.stdout.readline() == "inbox/1-restored.png\n"
    (inbox / "0.png").unlink()  # its restoration is none that arrived
    time.sleep(inputs.REST + 1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "stopped watching\n")
    assert sorted(path.name for path in inbox.iterdir()) == ["0-restored.png", "1-restored.png", "1.png"]


def test_several_at_once_give_what_one_after_the_other_gives(tmp_path, restora_command):
    for i in range(6):
        write(tmp_path / "in" / f"{i}.png", Photograph(noisy(40, 30 + i, 3, seed=i)))
    (tmp_path / "in/3.png").write_bytes(b"")
    for workers in (1, 3):
        run = restora_command("restore", "in", "-o", f"out{workers}", "--threads", 1, "--workers", workers)
        assert run.returncode == 1
        assert run.stdout.splitlines() == [f"out{workers}/{i}.png" for i in range(6) if i != 3]
    for i in (0, 1, 2, 4, 5):
        assert (tmp_path / f"out1/{i}.png").read_bytes() == (tmp_path / f"out3/{i}.png").read_bytes()
    assert [shared_threads(4, 2), shared_threads("auto", 1), shared_threads("auto", 64)] == [4, "auto", 1]


def test_workers_are_at_work_beside_each_other_and_keep_the_order():
    meeting = threading.Barrier(3, timeout=10)

    class Item:
        nbytes = 0

        def __init__(self, number):
            self.number = number

        def read(self):
            pass

        def work(self):
            meeting.wait()  # alone it would not go on

        def write(self):
            pass

    left = threading.Event()
    assert [item.number for item in side_by_side(map(Item, range(9)), 3, left)] == list(range(9))
    assert left.is_set()


def test_before_and_after_are_shown_in_half_blocks(tmp_path):
    before, after = (write(tmp_path / f"{name}.png", Photograph(noisy(60, 80, 3))) for name in "ab")
    for width in (80, 120):
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=True, color_system="truecolor", width=width, height=30)
        terminal_picture.show_comparison(console, before, after)
        assert stream.getvalue().count("\x1b[38;2;") > 1000
        plain = Console(
            file=io.StringIO(), force_terminal=True, color_system="truecolor", width=width, height=30
        )
        with plain.capture() as captured:
            terminal_picture.show_comparison(plain, before, after)
        lines = [line.count("▀") for line in captured.get().splitlines()]
        assert max(lines) <= width
        assert len(lines) <= 28
    stream = io.StringIO()
    terminal_picture.show_comparison(Console(file=stream), before, after)
    assert stream.getvalue() == ""


def test_two_pixels_are_a_letter():
    pixels = np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)
    (span,) = terminal_picture.half_blocks(pixels, 1, 2).spans
    assert (span.style.color.triplet, span.style.bgcolor.triplet) == ((255, 0, 0), (0, 0, 255))


def test_the_result_is_opened(tmp_path, restora_command, monkeypatch):
    opened = []
    monkeypatch.setattr("typer.launch", opened.append)
    for name in ("a.png", "b.png"):
        write(tmp_path / "in" / name, Photograph(noisy(20, 20, 3)))
    restora_command("restore", "in/a.png", "-o", "a.png", "--task", "denoise", "--open")
    restora_command("restore", "in/a.png", "-o", "c.png", "--task", "denoise", "--open", "--compare")
    restora_command("restore", "in", "-o", "out", "--task", "denoise", "--open")
    assert opened == ["a.png", "c-compare.png", "out"]
