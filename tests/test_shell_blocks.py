"""The commands that the documentation shows run: page by page, in order, on small files of the names that they use."""

import re
import shutil
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from code_blocks import PAGES, ROOT, calls, prepare, shell_lines

from restora.checkpoints.shipped import weights_folder
from restora.training import Trainer

NOT_RUN = {
    "dinat-ir/deblur-gopro": "the authors' weights are fetched",
    "--metric niqe": "the statistics of their authors are fetched",
    "s3://": "there is no such bucket; tests of the cloud and of Ray make theirs",
    "gs://": "there is no such bucket",
    "restora serve": "serves until it is stopped; tests/server does",
    "restora web": "serves until it is stopped; tests/web does",
    "accelerate launch": "cards and machines that are not here; tests/training starts processes",
    "torchrun": "the same",
    "benchmark": "whole benchmarks are not to be had; tests/datasets reads tiny copies of their layouts",
    "data.root": "the same",
    "restora submit": "the same; tests/evaluation/test_submissions.py makes them",
}
"""Words of lines that are not run -> why."""


def make(folder: Path, page: Path) -> None:
    """Write what the commands of a page read beside what `prepare` writes."""
    text = page.read_text(encoding="utf-8")
    prepare(folder, page, side=720 if "--crop 600," in text else 256)
    for name in {"holiday", "my-photos", "NOISY", "CLEAN", "FOLDER"}:
        if name in text:
            shutil.copytree(folder / "photos", folder / name)
    for name in {"mine", "runs/NAME/NAME", "out/NAME"}:
        if f"{name}.safetensors" in text:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            for suffix in (".safetensors", ".json"):
                shutil.copy(weights_folder() / f"denoise-chair-tiny{suffix}", folder / f"{name}{suffix}")
    for name in ("a.json", "b.json"):
        shutil.copy(ROOT / "benchmarks/results/evaluations/rain100l-input.json", folder / name)
    if "examples/" in text:
        (folder / "examples").symlink_to(ROOT / "examples")
    if "photos.parquet" in text:
        arrow = pytest.importorskip("pyarrow", reason="restora[ray]")
        parquet = import_module("pyarrow.parquet")
        table = arrow.table({"image": [(folder / "photo.jpg").read_bytes()]})
        parquet.write_table(table, folder / "photos.parquet")
    if "film.mp4" in text:
        pytest.importorskip("av", reason="restora[video]")
        from films import panning, write_clip

        write_clip(folder / "film.mp4", panning(2))
    (folder / "results").mkdir()
    for level in (15, 25, 50):
        for method in ("input", "ffdnet"):
            name = f"cbsd68-sigma-{level}-{method}.json"
            shutil.copy(ROOT / "benchmarks/results/evaluations" / name, folder / "results")


def run_line(line: str, folder: Path, restora_command: Callable[..., Any]) -> None:
    """Run the calls of a line, after making the pictures that they read."""
    for words in calls(line):
        for before, word in pairwise(words):
            if re.fullmatch(r"[\w-]+\.(jpg|png|webp)", word):
                (folder / word).unlink(missing_ok=True)
                if before != "-o":
                    shutil.copy(folder / "colosseum.png", folder / word)
        for run in folder.glob("runs/*/last.pt") if "--resume" not in words else ():
            run.unlink()  # of an example before
        seen = [sorted(folder.glob(word)) if "*" in word else [word] for word in words]
        done = restora_command(*(word for some in seen for word in some))
        assert done.returncode == 0, f"{line}: {done.stderr}"
        if target := re.search(r" > (\S+)", line):
            (folder / target[1]).write_text(done.stdout)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            page,
            id=page.relative_to(ROOT).as_posix(),
            marks=[pytest.mark.slow] if page.stem in ("speed", "training") else [],
        )
        for page in PAGES
        if any(list(calls(line)) for line in shell_lines(page))
    ],
)
def test_commands_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restora_command: Callable[..., Any]
) -> None:
    """Trainings begin, and save; they are not gone through with."""
    make(tmp_path, page)
    monkeypatch.setattr(Trainer, "run", lambda trainer: (trainer._open_folder(), trainer.save()))
    for line in shell_lines(page):
        if not any(words in line for words in NOT_RUN):
            run_line(line, tmp_path, restora_command)


def test_what_is_not_run_is_there() -> None:
    text = "\n".join(line for page in PAGES for line in shell_lines(page))
    assert [words for words in NOT_RUN if words not in text] == []
