"""A set of damaged pictures on disk, made once and learnt from many times."""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from restora.diagnosis.findings import DAMAGES
from restora.diagnosis.windows import THUMBNAIL, WINDOW, look
from restora.images import read
from restora.training.diagnosis.damages import damage
from restora.training.diagnosis.scene import draw_scene

WINDOWS = 3
"""Windows that are kept of every picture."""
HELD_OUT = 8
"""One of so many photographs is not trained on: it calibrates."""


@dataclass(frozen=True)
class TrainingSet:
    """Arrays in files, mapped into memory.

    Attributes:
        windows: (N, 3, 192, 192, 3) uint8.
        thumbnails: (N, 128, 128, 3) uint8.
        labels: (N, 8) float32, see `Damaged`.
        noise: (N, 2) float32: level in grey levels, and coarseness.
        held_out: (N,) uint8, 1 where the photograph must not be trained on; 2 where the picture is not made yet.
    """

    windows: NDArray[np.uint8]
    thumbnails: NDArray[np.uint8]
    labels: NDArray[np.float32]
    noise: NDArray[np.float32]
    held_out: NDArray[np.uint8]

    @classmethod
    def open(cls, folder: Path, count: int | None = None) -> "TrainingSet":
        """Map a set; make a new one of ``count`` pictures, none of them made yet, where there is none."""
        shapes: dict[str, tuple[tuple[int, ...], type]] = {
            "windows": ((WINDOWS, WINDOW, WINDOW, 3), np.uint8),
            "thumbnails": ((THUMBNAIL, THUMBNAIL, 3), np.uint8),
            "labels": ((len(DAMAGES),), np.float32),
            "noise": ((2,), np.float32),
            "held_out": ((), np.uint8),
        }
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {}
        for name, (shape, dtype) in shapes.items():
            path = folder / f"{name}.npy"
            if not path.exists() and count is not None:
                array = np.lib.format.open_memmap(path, "w+", dtype, (count, *shape))
                if name == "held_out":
                    array[:] = 2
            arrays[name] = np.load(path, mmap_mode="r+")
        return cls(**arrays)


def fill(
    pictures: TrainingSet,
    photos: Sequence[Path],
    numbers: Sequence[int],
    report: Callable[[int], None] | None = None,
) -> None:
    """Make the pictures of these numbers, of which each depends on its number alone; what is made already stays.

    Args:
        pictures: Where they are written.
        photos: Clean photographs.
        numbers: Which pictures to make.
        report: Called with the number of each picture that is done.
    """
    for number in numbers:
        if pictures.held_out[number] != 2:
            continue
        random = np.random.default_rng([7, number])
        photo = photos[int(random.integers(len(photos)))]
        subject = photo.stem.partition("__")[2] or photo.stem
        scene = draw_scene(np.asarray(read(photo).pixels), subject, random)
        damaged = damage(scene, int(random.integers(2**31)))
        windows, pictures.thumbnails[number] = look(damaged.picture, WINDOWS)
        pictures.windows[number] = np.resize(windows, pictures.windows.shape[1:])
        pictures.labels[number] = damaged.labels
        pictures.noise[number] = damaged.level, damaged.coarse
        # Crops of one photograph, NAME_0 and NAME_1, stay together.
        together = re.sub(r"_\d$", "", photo.stem).encode()
        pictures.held_out[number] = int(zlib.crc32(together) % HELD_OUT == 0)
        if report:
            report(number)
