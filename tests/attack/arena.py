"""A folder with everything that the commands of restora take, in miniature, and a watch over it."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from films import panning, write_clip
from PIL import Image
from pyarrow import parquet

from restora.checkpoints.conversion import convert_checkpoint
from restora.networks import RestorationNetwork, create_model

RECIPE = """\
name: miniature
task: denoise
model:
  architecture: chair
  variant: tiny
  overrides: {width: 4, blocks: [1, 1, 1], attention: [false, false, true]}
data: {photos: photos}
degradation: noise/blind
losses: [{kind: psnr}]
scale_weights: [0.05, 0.1, 1.0]
optimizer: {learning_rate: 0.001, warmup: 0}
stages: [{steps: 2, patch: 16, batch: 2}]
precision: float32
"""


class Arena:
    """A folder in which restora is attacked; what it may write goes into ``out``, which is emptied before each attack.

    Args:
        root: Made anew.

    Attributes:
        folder: Working directory of the attacks, below `root`, so that ``../`` leads to what is watched, too.
    """

    def __init__(self, root: Path) -> None:
        shutil.rmtree(root, ignore_errors=True)
        self.root = root
        self.folder = root / "here"
        self.folder.mkdir(parents=True)
        _fill(self.folder)
        (root / "canary").write_text("sings")
        self.before = self._listing()

    def ready(self) -> None:
        """Empty ``out``."""
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        (self.folder / "out").mkdir()

    def changes(self) -> list[str]:
        """Tell what was made, changed or removed outside of ``out``, and undo it; a fault each."""
        after = self._listing()
        touched = sorted(p for p in self.before.keys() | after.keys() if self.before.get(p) != after.get(p))
        if touched:
            shutil.rmtree(self.root)
            self.__init__(self.root)  # type: ignore[misc]
        return [f"changes {path} outside of its target" for path in touched[:3]]

    def _listing(self) -> dict[str, tuple[int, int]]:
        found = {}
        for folder, folders, files in os.walk(self.root):
            if folder == str(self.folder) and "out" in folders:
                folders.remove("out")
            for name in (*folders, *files):
                path = os.path.join(folder, name)  # noqa: PTH118 - names that are no text
                status = os.lstat(path)
                is_folder = name in folders
                found[os.path.relpath(path, self.root)] = (
                    (0, 0) if is_folder else (status.st_size, status.st_mtime_ns)
                )
        return found


def _fill(folder: Path) -> None:
    y, x = np.mgrid[:48, :64]
    pictures = [
        (np.stack([x * 3 + i * 9, y * 4, (x + y) * 2 + i], axis=2) % 256).astype(np.uint8) for i in range(3)
    ]
    for place in ("photos", "bench/Rain100L/test/input", "bench/Rain100L/test/target", "deep/er"):
        (folder / place).mkdir(parents=True)
        for i, picture in enumerate(pictures):
            noise = np.random.default_rng(i).integers(0, 9, picture.shape, dtype=np.uint8)
            Image.fromarray(picture // 2 + (noise if "input" in place else 0)).save(
                folder / place / f"{i}.png"
            )
    Image.fromarray(pictures[0]).save(folder / "photo.png")
    Image.fromarray(pictures[1]).save(folder / "other.png")
    Image.fromarray(pictures[1][:20]).save(folder / "small.png")
    Image.fromarray(pictures[0]).save(folder / "photo.jpg")
    content = [(folder / "photos" / f"{i}.png").read_bytes() for i in range(2)]
    parquet.write_table(pa.table({"image": pa.array(content, pa.binary())}), folder / "photos.parquet")
    (folder / "empty.png").touch()
    (folder / "page.png").write_text("<!DOCTYPE html><html><body>404: not found</body></html>")
    (folder / "folder.png").mkdir()
    (folder / "nothing").mkdir()
    write_clip(folder / "film.mp4", panning(6, (64, 48)))
    os.mkfifo(folder / "pipe.png")
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "deep.yaml").write_text("a: " + "[" * 5000 + "]" * 5000)
    (folder / "twice.yaml").write_text(RECIPE + "task: dehaze\n")
    (folder / "list.yaml").write_text("- a\n- b\n")
    (folder / "binary.yaml").write_bytes(bytes(range(256)))
    (folder / "laughs.yaml").write_text(
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        )
    )
    torch.save(tiny_network().state_dict(), folder / "raw.pth")
    convert_checkpoint(folder / "raw.pth", folder / "weights", name="tiny", task="denoise")
    for level in (15, 25):
        for method in ("a", "b"):
            (folder / f"{method}-{level}.json").write_text(json.dumps(_record(method, level)))


def tiny_network() -> RestorationNetwork:
    """A network of a few weights, always the same."""
    torch.manual_seed(0)
    return create_model("chair", "tiny", width=4, blocks=(1, 1, 1), attention=(False, False, True))


def _record(method: str, level: int) -> dict[str, object]:
    """What an evaluation leaves."""
    return {
        "format": 1, "benchmark": "cbsd68", "title": "CBSD68", "split": "test", "variant": f"sigma-{level}",
        "protocol": "gaussian-rgb8", "protocol_description": "", "method": method, "kind": "baseline", "settings": {},
        "images": [{"name": name, "scores": {"psnr": 30.0 + level / 10, "ssim": 0.9}} for name in "abc"],
    }  # fmt: skip
