"""Folders of small pictures of several kinds, and the options with which they are restored the same everywhere."""

from pathlib import Path

import numpy as np

from restora.images import Metadata, Photograph, write

OPTIONS = {"task": "denoise", "engine": "torch", "threads": 1}
WORDS = ("--task", "denoise", "--engine", "torch", "--threads", "1")


def noisy(seed: int, shape=(24, 32, 3)):
    values = np.random.default_rng(seed).normal(128, 25, shape)
    return np.rint(values.clip(0, 255)).astype(np.uint8)


def write_pictures(folder: Path, count: int) -> Path:
    """Write a folder of pictures of several kinds, two levels deep."""
    for i in range(count):
        name = f"deep/{i}.tif" if i % 4 == 3 else f"{i}.{('png', 'jpg', 'webp')[i % 3]}"
        pixels = noisy(i).astype(np.uint16) * 257 if i % 4 == 3 else noisy(i)
        write(folder / name, Photograph(pixels, metadata=Metadata(dpi=(300, 300))))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every picture below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".parquet"
    }
