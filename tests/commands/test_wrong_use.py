"""Wrong use ends in one helpful line and with exit code 1 or 2, and touches nothing."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from recipes import miniature, write_photos
from rich.console import Console

import restora
from restora.checkpoints.hub import is_hub_id
from restora.commands.app import main
from restora.commands.progress import FilesProgress
from restora.errors import RestoraError
from restora.restoration import Job, Result


def picture(path: Path) -> Path:
    Image.fromarray(np.full((16, 16, 3), 128, np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("restore", ""),
        ("restore", "photo.png", "--weights", ""),
        ("restore", "photo.png", "--weights="),
        ("restore", "photo.png", "-o", ""),
        ("diagnose", "photo.png", ""),
        ("train", "photos/denoise-laptop", "--run", ""),
        ("convert", "photo.png", ""),
        ("benchmarks", "check", "rain100l", ""),
    ],
)
def test_empty_arguments_are_no_folders(restora_command, tmp_path, words) -> None:
    picture(tmp_path / "photo.png")
    done = restora_command(*words)
    assert done.returncode == 2
    assert "is empty; leave it out" in " ".join(done.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_an_empty_suffix_is_none(restora_command, tmp_path) -> None:
    picture(tmp_path / "photo.png")
    assert (
        restora_command("restore", "photo.png", "-o", "out", "--suffix", "", "--task", "denoise").returncode
        == 0
    )
    assert (tmp_path / "out" / "photo.png").exists()


def test_python_refuses_empty_names_as_well(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "photo.png")
    with pytest.raises(RestoraError, match="the name of a photograph or folder is empty"):
        restora.restore("", tmp_path / "out")
    with pytest.raises(RestoraError, match="the name of the weights is empty"):
        restora.load_model("")


@pytest.mark.parametrize(
    "name", ["./nosuch", "../nosuch", "weights/nosuch", "a.b/c", "a/b.c", "a/", "/a", "-a/b", "a/b\n"]
)
def test_what_may_be_a_mistyped_path_never_reaches_the_network(
    restora_command, tmp_path, monkeypatch, name
) -> None:
    def reached(*_, **__):
        raise AssertionError("the hub was asked")

    monkeypatch.setattr("huggingface_hub.snapshot_download", reached)
    (tmp_path / "weights").mkdir()
    picture(tmp_path / "photo.png")
    done = restora_command("restore", "photo.png", f"--weights={name}")
    assert done.returncode == 2
    assert "no such file, and no such weights in the package" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("error", [ValueError("Repo id must use alphanumeric chars"), OSError("no route")])
def test_the_hub_is_asked_aloud(restora_command, tmp_path, monkeypatch, error) -> None:
    def refuse(*_, **__):
        print("(asked)", file=sys.stderr)
        raise error

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    assert is_hub_id("somebody/nosuch")
    picture(tmp_path / "photo.png")
    done = restora_command("restore", "photo.png", "--weights", "somebody/nosuch")
    assert done.stderr.splitlines() == [
        "somebody/nosuch: no such file here; asking the hub",
        "(asked)",
        "restora: somebody/nosuch: no such file, and the hub cannot be reached; check the spelling or the connection",
    ]


@pytest.mark.parametrize("options", [(), ("--compare",)])
def test_a_folder_in_the_place_of_an_output_is_not_what_was_done(restora_command, tmp_path, options) -> None:
    picture(tmp_path / "photo.png")
    if options:
        picture(tmp_path / "photo-restored.png")
        (tmp_path / "photo-restored-compare.png").mkdir()
    else:
        (tmp_path / "photo-restored.png").mkdir()
    done = restora_command("restore", "photo.png", "--task", "denoise", *options)
    assert done.returncode == 1
    assert "there is a folder of this name; choose another name" in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
@pytest.mark.parametrize(
    "words", [["recipes"], ["recipes", "show", "photos/denoise-laptop"], ["--version"], ["--help"]]
)
def test_an_output_that_is_full_is_said(monkeypatch, capsys, words) -> None:
    with open(os.dup(os.open("/dev/full", os.O_WRONLY)), "w") as full:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "argv", ["restora", *words])
        with pytest.raises(SystemExit) as end:
            main()
    assert end.value.code == 1
    error = capsys.readouterr().err
    assert (
        error
        == "restora: the standard output cannot be written (No space left on device); send it somewhere else\n"
    )


INTERRUPTED = """
import builtins, os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background are started to ignore it
imported = builtins.__import__
def interrupt(name, *rest, **options):
    if name == {module!r}:
        os.kill(os.getpid(), signal.SIGINT)
    return imported(name, *rest, **options)
builtins.__import__ = interrupt
import sys
sys.argv = ["restora", "recipes"]
from restora.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "restora.commands.rows"])
def test_ctrl_c_while_starting_ends_without_a_traceback(module) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(module=module)], capture_output=True, text=True
    )
    assert done.returncode in (-2, 130)
    assert done.stderr == done.stdout == ""


def test_names_reach_no_terminal_as_they_are(restora_command, tmp_path) -> None:
    name = "\x1b[2J\x07two\nlines.png"
    picture(tmp_path / name)
    (tmp_path / f"bad{name}").write_bytes(b"no picture")
    done = restora_command("restore", ".", "-o", "out", "--task", "denoise")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert r"bad\x1b[2J\x07two\nlines.png: " in done.stderr
    assert done.stdout == f"out/{name}\n"  # for other programs


def test_names_with_brackets_are_no_markup(tmp_path) -> None:
    job = Job(tmp_path / "[bold]\x1b[2J.png", tmp_path / "out.png")
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=120)
    with FilesProgress([job], console) as bar:
        bar.report(job, 0.5, 1.0)
        bar.finish(Result(job.source, "restored"))
    assert "[bold]\\x1b[2J.png" in shown.getvalue()


def test_a_run_folder_that_cannot_be_written_is_named(restora_command, tmp_path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        miniature(
            write_photos(tmp_path / "photos"), stages=[{"steps": 1, "patch": 16, "batch": 2}]
        ).model_dump_json()
    )
    picture(tmp_path / "file.png")
    for run in ("file.png", "file.png/run", "/proc/run"):
        done = restora_command("train", "plan.yaml", "--run", run)
        assert done.returncode == 2
        assert done.stderr.startswith(f"restora: {run}")
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
def test_a_log_that_finds_no_space_ends_the_training_in_a_line(restora_command, tmp_path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        miniature(
            write_photos(tmp_path / "photos"), stages=[{"steps": 1, "patch": 16, "batch": 2}]
        ).model_dump_json()
    )
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.jsonl").symlink_to("/dev/full")
    done = restora_command("train", "plan.yaml", "--run", "run")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        "restora: run/log.jsonl: there is no space left on the disk"
    )


@pytest.mark.parametrize("preset", ["noise/inf", "noise/nan", "noise/-1", "jpeg/0", "jpeg/1e9", "noise/"])
def test_amounts_without_sense_are_refused(restora_command, tmp_path, preset) -> None:
    picture(tmp_path / "photo.png")
    done = restora_command("degrade", "photo.png", "--apply", preset)
    assert done.returncode == 2
    assert done.stderr.startswith("restora: ")
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_on_a_terminal_a_message_ends_with_its_entry_in_the_documentation(
    restora_command, tmp_path, monkeypatch
) -> None:
    (tmp_path / ":smile:.png").write_bytes(b"")
    words = "restora: :smile:.png: is empty; get a complete copy from its source"
    assert words + "\n" in restora_command("restore", ":smile:.png").stderr
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    assert f"{words} [troubleshooting#images-reading]" in restora_command("restore", ":smile:.png").stderr
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    said = restora_command("restore", ":smile:.png", "--tile", "63", "--task", "denoise").stderr
    assert said.splitlines()[-1].endswith("[troubleshooting#restoration-tiling]")
