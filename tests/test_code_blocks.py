"""The code of the documentation: blocks of Python run, commands have the options that they are shown with."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import restora
from restora import metrics
from restora.commands.app import COMMANDS, load_command
from restora.images import Photograph, write

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])
NOT_RUN = {
    "PairedCrops.from_benchmark": "the benchmarks are not to be had; tests/datasets reads their layouts",
    "httpx.post": "asks a server that runs; tests of the server do",
    "blocks.launch()": "serves until it is stopped; tests/web does",
    "s3://bucket": "there is no such bucket; tests of the cloud and of Ray make theirs",
    "import spandrel": "an extra that is not everywhere; tests of the bridge do",
}
"""Words of blocks that are not run -> why."""


def blocks(page: Path, language: str) -> Iterator[str]:
    """Yield the code blocks of a page in a language."""
    yield from re.findall(
        rf"^```(?:{language})\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def prepare(folder: Path) -> dict[str, Any]:
    """Write the files and make the variables that the pages take for granted."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    write(folder / "photo.jpg", Photograph(pixels))
    for place in ("train/input", "train/target", "photos"):
        (folder / place).mkdir(parents=True)
        for name in "ab":
            write(folder / place / f"{name}.png", Photograph(np.tile(pixels, (3, 3, 1))))
    for name, architecture in (
        ("official_checkpoint.pkl", "chair"),
        ("net_g_latest.pth", "dinat_ir"),
        ("model_best.pth", "derestormer"),
        ("runs/NAME/best.pt", "chair"),
    ):
        model = restora.create_model(architecture, "tiny")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        torch.save({"params": restora.to_official_state_dict(model)}, folder / name)
    for name in ("rain100l-input", "cbsd68-sigma-25-input"):
        kept = (ROOT / f"benchmarks/results/evaluations/{name}.json").read_text()
        (folder / "evaluations").mkdir(exist_ok=True)
        (folder / f"evaluations/{name}.json").write_text(kept)
        (folder / f"{name.removesuffix('-input')}.json").write_text(kept)
    image = pixels / np.float32(255)
    views = dict.fromkeys(("array", "noisy", "photo", "image", "degraded", "restored", "clean"), image)
    return {"restora": restora, "request_body": (folder / "photo.jpg").read_bytes(), **views}


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(blocks(page, "python"))],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restora_command) -> None:
    names = prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(metrics, "PROTOCOLS", dict(metrics.PROTOCOLS))
    monkeypatch.setattr(metrics, "NO_REFERENCE", dict(metrics.NO_REFERENCE))
    if page.name == "data.md":
        for arguments in (
            ["photos", "-o", "photos.pack"],
            ["train/input", "--target", "train/target", "-o", "pairs.pack"],
        ):
            assert restora_command("pack", *arguments).returncode == 0
    for number, block in enumerate(blocks(page, "python")):
        if not any(words in block for words in NOT_RUN):
            exec(compile(block, f"{page.name}, block {number}", "exec"), names)


def test_what_is_not_run_is_there() -> None:
    text = "".join(block for page in PAGES for block in blocks(page, "python"))
    assert [words for words in NOT_RUN if words not in text] == []


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the arguments of each call of restora in lines for a shell."""
    for line in text.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\|(?!\|)", line.partition(" # ")[0]):
            try:
                words = shlex.split(re.split(r"\s[<>]", part)[0])
            except ValueError:  # an apostrophe of a sentence
                continue
            for place, word in enumerate(words[:-1]):
                if re.fullmatch(r"(\S*/)?restora", word) and words[place + 1] in COMMANDS:
                    yield words[place + 1], words[place + 2 :]
                    break


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_have_the_options_that_are_shown(page: Path) -> None:
    indented = re.findall(r"^    (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    for name, arguments in commands("\n".join([*blocks(page, "console|bash|sh|"), *indented])):
        command = load_command(name)
        inner = getattr(command, "commands", {})
        if arguments and arguments[0] in inner:
            command = inner[arguments[0]]
        known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {
            "--help",
            "--debug",
        }
        for word in arguments:
            if re.match("--?[a-z0-9]", word):
                assert word.partition("=")[0] in known, f"restora {name} {' '.join(arguments)}"


def test_calls_are_found_in_lines() -> None:
    text = ".venv/bin/restora restore a.jpg --task dehaze > b.png  # why\nfind . -print0 | restora restore -0 --files-from -\n"
    assert list(commands(text)) == [
        ("restore", ["a.jpg", "--task", "dehaze"]),
        ("restore", ["-0", "--files-from", "-"]),
    ]
