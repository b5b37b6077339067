"""Tiny copies of benchmarks in every layout they are known in: data for the tests of the catalogue."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

DIFFERENCE = 90
"""By how much the degraded image of every pair is brighter than its own clean one, and than no other."""


@dataclass(frozen=True)
class Miniature:
    """A tiny copy.

    Attributes:
        benchmark: Name of the card.
        layout: Name of the layout that must be recognised.
        pairs: (name of the pair, degraded file, clean file), in order; several may share a clean file.
        split: Which is in it.
        variant: Which is in it.
        extra: Other files of the same tree, which must not disturb.
        halves: On which side the clean image is, if a file holds both.
        depth: Bits per channel.
        texts: Text files by path.
    """

    benchmark: str
    layout: str
    pairs: tuple[tuple[str, str, str], ...]
    split: str = "test"
    variant: str | None = None
    extra: tuple[str, ...] = ()
    halves: str = ""
    depth: int = 8
    texts: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join(
            word for word in (self.benchmark, self.split, self.variant, self.layout.replace(" ", "_")) if word
        )

    def build(self, root: Path) -> None:
        """Write the tree; every clean image has a gray of its own."""
        grays: dict[str, int] = {}
        for _, degraded, clean in self.pairs:
            gray = grays.setdefault(clean, 10 + 12 * len(grays))
            if self.halves:
                bright, dark = paint((8, 6), gray + DIFFERENCE), paint((8, 6), gray)
                halves = (dark, bright) if self.halves == "left" else (bright, dark)
                save(root / degraded, np.concatenate(halves, axis=1))
                continue
            save(root / degraded, paint((12, 8), gray + DIFFERENCE, self.depth))
            if not (root / clean).exists():
                save(root / clean, paint((12, 8), gray, self.depth))
        for path in self.extra:
            save(root / path, paint((12, 8), 250))
        for path, text in self.texts.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)


def paint(size: tuple[int, int], gray: int, depth: int = 8) -> np.ndarray:
    """An even image of (width, height)."""
    width, height = size
    if depth == 16:
        return np.full((height, width, 3), gray * 257, np.uint16)
    return np.full((height, width, 3), gray, np.uint8)


def save(path: Path, pixels: np.ndarray) -> None:
    """Write an image in the format of its suffix, 16-bit ones with OpenCV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if pixels.dtype == np.uint16:
        import cv2

        assert cv2.imwrite(str(path), pixels[..., ::-1])
    else:
        Image.fromarray(pixels).save(path)


def same(count: int, degraded: str, clean: str, name: str = "{i}") -> tuple[tuple[str, str, str], ...]:
    """Return pairs 1...count from patterns with {i}."""
    return tuple((name.format(i=i), degraded.format(i=i), clean.format(i=i)) for i in range(1, count + 1))


RAIN = (
    Miniature(
        "rain13k",
        "repackaged",
        (
            ("1", "train/Rain13K/input/1.jpg", "train/Rain13K/target/1.jpg"),
            ("2", "train/Rain13K/input/2.png", "train/Rain13K/target/2.jpg"),  # mixed extensions
            ("10", "train/Rain13K/input/10.png", "train/Rain13K/target/10.png"),
        ),
        "train",
    ),
    Miniature("test100", "repackaged", same(3, "test/Test100/input/{i}.png", "test/Test100/target/{i}.png")),
    Miniature(
        "test100",
        "Rain800, side by side",
        same(3, "Test100/test_syn/{i}.jpg", "Test100/test_syn/{i}.jpg"),
        halves="left",
    ),
    Miniature(
        "rain100h",
        "old release, clean images in the folder above",
        same(3, "Rain100H/rainy/rain-00{i}.png", "Rain100H/norain-00{i}.png", "00{i}"),
    ),
    Miniature(
        "rain100l",
        "old release, one folder",
        same(3, "RainTrainL/rain-{i}.png", "RainTrainL/norain-{i}.png"),
        "train",
    ),
    Miniature(
        "rain100l",
        "PromptIR",
        same(3, "Rain100L/rainy/rain-00{i}.png", "Rain100L/gt/norain-00{i}.png", "00{i}"),
    ),
    Miniature(
        "rain100l", "repackaged", same(3, "Rain100L/test/input/{i}.webp", "Rain100L/test/target/{i}.webp")
    ),
    Miniature(
        "test2800",
        "repackaged",
        same(3, "test/Test2800/input/926_{i}.jpg", "test/Test2800/target/926_{i}.jpg", "926_{i}"),
        extra=("test/Test2800/input/926_10(1).jpg",),
    ),
    Miniature(
        "test2800",
        "Rain14000",
        (
            ("901_1", "Test2800/rainy_image/901_1.jpg", "Test2800/ground_truth/901.jpg"),
            ("901_2", "Test2800/rainy_image/901_2.jpg", "Test2800/ground_truth/901.jpg"),
        ),
        extra=("Test2800/ground_truth/1.jpg",),
    ),
    Miniature(
        "test1200", "repackaged", same(3, "test/Test1200/input/{i}.jpg", "test/Test1200/target/{i}.jpg")
    ),
    Miniature(
        "test1200",
        "DID-MDN, side by side",
        same(3, "DID-MDN-test/{i}.jpg", "DID-MDN-test/{i}.jpg"),
        halves="right",
    ),
    Miniature(
        "rain200h",
        "authors",
        same(
            3,
            "rain_data_test_Heavy/rain_heavy_test/rain/X2/norain-{i}x2.png",
            "rain_data_test_Heavy/rain_heavy_test/norain/norain-{i}.png",
        ),
    ),
    Miniature(
        "rain200l",
        "authors",
        same(
            3,
            "rain_data_train_Light/rain/X2/norain-{i}x2.png",
            "rain_data_train_Light/norain/norain-{i}.png",
        ),
        "train",
    ),
    Miniature(
        "rain200h", "repackaged", same(3, "test/Rain200H/input/{i}.png", "test/Rain200H/target/{i}.png")
    ),
    Miniature("did", "authors", same(3, "DID-MDN-test/{i}.jpg", "DID-MDN-test/{i}.jpg"), halves="right"),
    Miniature(
        "did",
        "authors",
        tuple(
            (f"Rain_{kind}_1", *(f"DID-MDN-training/Rain_{kind}/train2018new/1.jpg",) * 2)
            for kind in ("Heavy", "Light", "Medium")
        ),
        "train",
        halves="right",
    ),
    Miniature("did", "repackaged", same(3, "test/DID-Data/input/{i}.png", "test/DID-Data/target/{i}.jpg")),
    Miniature(
        "ddn",
        "authors",
        (
            ("901_1", "DDN/testing/rainy_image/901_1.jpg", "DDN/testing/ground_truth/901.jpg"),
            ("901_14", "DDN/testing/rainy_image/901_14.jpg", "DDN/testing/ground_truth/901.jpg"),
            ("902_1", "DDN/testing/rainy_image/902_1.jpg", "DDN/testing/ground_truth/902.jpg"),
        ),
    ),
    Miniature(
        "ddn", "repackaged", same(3, "train/DDN-Data/input/{i}.png", "train/DDN-Data/target/{i}.png"), "train"
    ),
    Miniature(
        "spa",
        "authors",
        same(3, "real_test_1000/rain/00{i}.png", "real_test_1000/gt/00{i}gt.png", "00{i}"),
    ),
    Miniature(
        "spa",
        "authors' list (real_world.txt)",
        (
            ("001-2_3_4", "real_world/001/001-2/001-2_3_4.png", "real_world_gt/001/001_3_4.png"),
            ("001-1_3_4", "real_world/001/001-1/001-1_3_4.png", "real_world_gt/001/001_3_4.png"),
        ),
        "train",
        texts={
            "real_world.txt": "/real_world/001/001-2/001-2_3_4.png /real_world_gt/001/001_3_4.png\n"
            "/real_world/001/001-1/001-1_3_4.png /real_world_gt/001/001_3_4.png\n"
        },
        extra=("real_world/001/001-1/001-1_9_9.png",),
    ),
    Miniature(
        "spa",
        "authors, without the list",
        (
            ("001-1_3_4", "real_world/001/001-1/001-1_3_4.png", "real_world_gt/001/001_3_4.png"),
            ("001-2_3_4", "real_world/001/001-2/001-2_3_4.png", "real_world_gt/001/001_3_4.png"),
        ),
        "train",
    ),
    Miniature("spa", "repackaged", same(3, "SPA-Data/test/input/{i}.png", "SPA-Data/test/target/{i}.png")),
)

MINIATURES = (*RAIN,)
