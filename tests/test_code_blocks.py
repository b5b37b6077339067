"""The code of the documentation: blocks of Python run, commands have the options that they are shown with."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from code_blocks import PAGES, ROOT, blocks, calls, prepare, shell_lines
from miniatures import paint, save

from restora import metrics
from restora.commands.app import load_command
from restora.training import Recipe
from restora.training.bundled import find_recipe

NOT_RUN = {
    "s3://bucket": "there is no such bucket; a test runs integrations/many_machines/with_ray.py, which does the same"
}
"""Words of blocks that are not run -> why."""


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(blocks(page, "python"))],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restora_command) -> None:
    names = prepare(tmp_path, page)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(metrics, "PROTOCOLS", dict(metrics.PROTOCOLS))
    monkeypatch.setattr(metrics, "NO_REFERENCE", dict(metrics.NO_REFERENCE))
    with surroundings(page.stem, tmp_path, monkeypatch, restora_command) as address:
        for number, block in enumerate(blocks(page, "python")):
            if not any(words in block for words in NOT_RUN):
                block = block.replace("http://127.0.0.1:8000", address)
                exec(compile(block, f"{page.name}, block {number}", "exec"), names)


@contextmanager
def surroundings(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, run: Any) -> Iterator[str]:
    """Make the benchmarks and packs, the server, the page or the library that a page takes for granted; the server's address."""
    if page == "data":
        for name in ("GOPRO_Large/train/GOPR0372_07_00", "DPDD/train/DPDD"):
            for part in ("blur", "sharp", *(f"input{view}" for view in "LRC"), "target"):
                save(
                    folder / "data" / name / part / "1.png",
                    paint((12, 8), 9, depth=16 if "DPDD" in name else 8),
                )
        assert run("pack", "photos", "-o", "photos.pack").returncode == 0
        pairs = ("train/input", "--target", "train/target")
        assert run("pack", *pairs, "-o", "pairs.pack").returncode == 0
    if page == "video":
        pytest.importorskip("av", reason="restora[video]")
        from films import panning, write_clip

        write_clip(folder / "film.mp4", panning(2))
    if page == "web":
        monkeypatch.setattr(pytest.importorskip("gradio").Blocks, "launch", lambda blocks: None)
    if page == "bridges":
        try:
            import spandrel  # noqa: F401
        except (ImportError, RuntimeError):
            from toys import spandrel_interface

            monkeypatch.setitem(sys.modules, "spandrel", spandrel_interface)
            monkeypatch.delitem(sys.modules, "restora.bridges.spandrel", raising=False)
    if page != "serving":
        yield ""
        return
    pytest.importorskip("fastapi")
    from live_server import served

    from restora.server import Offer, create_app

    with served(create_app(Offer(("dehaze",), threads=1, device="cpu", engine="torch"))) as address:
        yield address


def test_what_is_not_run_is_there() -> None:
    text = "".join(block for page in PAGES for block in blocks(page, "python"))
    assert [words for words in NOT_RUN if words not in text] == []


def test_python_stands_in_blocks_that_run() -> None:
    for page in PAGES:
        for block in blocks(page, "indented"):
            assert not re.search(r"^(from|import) |restora\.\w+\(", block, re.MULTILINE), f"{page}: {block}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(blocks(page, "yaml"))], ids=lambda page: page.stem
)
def test_parts_of_recipes_are_parts_of_recipes(page: Path) -> None:
    whole = yaml.safe_load(find_recipe("photos/denoise-laptop").read_text())
    for block in blocks(page, "yaml"):
        part = yaml.safe_load(block)
        part["data"] = whole["data"] | part.get("data", {})
        Recipe.model_validate(whole | part)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_have_the_options_that_are_shown(page: Path) -> None:
    for line in shell_lines(page):
        for name, *arguments in calls(line):
            command = load_command(name)
            inner = getattr(command, "commands", {})
            if arguments and arguments[0] in inner:
                command = inner[arguments[0]]
            known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
            for word in arguments:
                if re.match("--?[a-z0-9]", word):
                    assert word.partition("=")[0] in known | {"--help", "--debug"}, line


def test_calls_are_found_in_lines() -> None:
    lines = (
        ".venv/bin/restora restore a.jpg --task dehaze > b.png  # why",
        "find . -print0 | restora restore -0 -",
    )
    assert [list(calls(line)) for line in lines] == [
        [["restore", "a.jpg", "--task", "dehaze"]],
        [["restore", "-0", "-"]],
    ]
