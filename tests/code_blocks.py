"""The code that the documentation shows, and the files and variables that it takes for granted."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

import restora
from restora.commands.app import COMMANDS
from restora.images import Photograph, write

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])
CHECKPOINTS = {
    "official_checkpoint.pkl": "chair",
    "ITS.pkl": "chair/tiny",
    "net_g_latest.pth": "dinat_ir",
    "model_best.pth": "derestormer",
    "Best.pkl": "derestormer/tiny",
    "kit.pth": "kit/tiny",
    "runs/NAME/best.pt": "chair/tiny",
}
"""Names of the pages -> of which network."""


def code(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the language, "indented" where it is by its indent, and the text of each code block of a page."""
    parts = r"^```(\w*)\n(.*?)^```$|((?:^    [^\n]+\n)+)"
    for language, fenced, indented in re.findall(
        parts, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        yield (
            ("indented", re.sub("^    ", "", indented, flags=re.MULTILINE))
            if indented
            else (language, fenced)
        )


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """Yield the code blocks of a page in some languages."""
    yield from (text for language, text in code(page) if language in languages)


def shell_lines(page: Path) -> Iterator[str]:
    """Yield the lines for a shell of a page, in its order; what goes on in the next line is one."""
    for block in blocks(page, "console", "bash", "sh", "", "indented"):
        yield from block.replace("\\\n", " ").splitlines()


def calls(line: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of restora in a line for a shell."""
    for part in re.split(r"&&|\|(?!\|)", line.partition(" # ")[0]):
        try:
            words = shlex.split(re.split(r"\s[<>]", part)[0])
        except ValueError:  # an apostrophe of a sentence
            continue
        for place, word in enumerate(words[:-1]):
            if re.fullmatch(r"(\S*/)?restora", word) and words[place + 1] in COMMANDS:
                yield words[place + 1 :]
                break


def prepare(folder: Path, page: Path, side: int = 64) -> dict[str, Any]:
    """Write the files and make the variables that a page takes for granted."""
    text = page.read_text(encoding="utf-8")
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    for name in ("photo.jpg", "colosseum.png"):
        write(folder / name, Photograph(pixels))
    for place in ("train/input", "train/target", "photos"):
        (folder / place).mkdir(parents=True)
        for name in "ab":
            write(folder / place / f"{name}.png", Photograph(np.tile(pixels, (3, 3, 1))))
    for name, architecture in CHECKPOINTS.items():
        if name in text:
            model = restora.create_model(*architecture.split("/"))
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            torch.save({"params": restora.to_official_state_dict(model)}, folder / name)
    (folder / "evaluations").mkdir()
    for name in ("rain100l-input", "cbsd68-sigma-25-input"):
        kept = ROOT / f"benchmarks/results/evaluations/{name}.json"
        shutil.copy(kept, folder / "evaluations")
        shutil.copy(kept, folder / f"{name.removesuffix('-input')}.json")
    image = pixels / np.float32(255)
    views = dict.fromkeys(("array", "noisy", "photo", "image", "degraded", "restored", "clean"), image)
    return {"restora": restora, "request_body": (folder / "photo.jpg").read_bytes(), **views}
