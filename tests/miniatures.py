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
        "rain200h",
        "authors",
        same(
            3,
            "rain_data_train_Heavy/rain/X2/norain-{i}x2.png",
            "rain_data_train_Heavy/norain/norain-{i}.png",
        ),
        "train",
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

BLUR = (
    Miniature(
        "gopro",
        "authors",
        (
            (
                "GOPR0384_11_00-000001",
                "test/GOPR0384_11_00/blur/000001.png",
                "test/GOPR0384_11_00/sharp/000001.png",
            ),
            (
                "GOPR0385_11_01-000001",
                "test/GOPR0385_11_01/blur/000001.png",
                "test/GOPR0385_11_01/sharp/000001.png",
            ),
        ),
        extra=("test/GOPR0384_11_00/blur_gamma/000001.png", "train/GOPR0372_07_00/blur/000047.png"),
    ),
    Miniature(
        "gopro",
        "authors",
        (
            (
                "GOPR0372_07_00-000047",
                "GOPRO_Large/train/GOPR0372_07_00/blur_gamma/000047.png",
                "GOPRO_Large/train/GOPR0372_07_00/sharp/000047.png",
            ),
        ),
        "train",
        "blur_gamma",
        extra=("GOPRO_Large/train/GOPR0372_07_00/blur/000047.png",),
    ),
    Miniature(
        "gopro",
        "repackaged",
        same(
            2,
            "test/GoPro/input/GOPR0384_11_00-00000{i}.png",
            "test/GoPro/target/GOPR0384_11_00-00000{i}.png",
            "GOPR0384_11_00-00000{i}",
        ),
        extra=("train/GoPro/input/GOPR0372_07_00-000047.png",),
    ),
    Miniature(
        "gopro",
        "repackaged",
        same(2, "train/GoPro/input/GOPR0372-{i}.png", "train/GoPro/target/GOPR0372-{i}.png", "GOPR0372-{i}"),
        "train",
    ),
    Miniature("gopro", "repackaged", same(2, "GOPRO/valid/blur/{i}.png", "GOPRO/valid/sharp/{i}.png")),
    Miniature(
        "gopro", "ConvIR", same(2, "GOPRO/test/blur/{i}_blur.png", "GOPRO/test/sharp/{i}_gt.png", "{i}_blur")
    ),
    Miniature(
        "hide",
        "authors",
        (
            ("a", "HIDE_dataset/test/test-close-ups/a.png", "HIDE_dataset/GT/a.png"),
            ("b", "HIDE_dataset/test/test-long-shot/b.png", "HIDE_dataset/GT/b.png"),
        ),
        extra=("HIDE_dataset/GT/c.png", "HIDE_dataset/train/c.png"),
    ),
    Miniature(
        "hide",
        "authors",
        (("c", "HIDE_dataset/train/c.png", "HIDE_dataset/GT/c.png"),),
        "train",
        extra=("HIDE_dataset/GT/a.png", "HIDE_dataset/test/test-close-ups/a.png"),
    ),
    Miniature("hide", "repackaged", same(2, "test/HIDE/input/{i}.png", "test/HIDE/target/{i}.png")),
    Miniature("hide", "repackaged", same(2, "HIDE/valid/blur/{i}.png", "HIDE/valid/sharp/{i}.png")),
    *(
        Miniature(
            f"realblur-{letter.lower()}",
            f"authors' list (RealBlur_{letter}_test_list.txt)",
            same(
                2,
                f"{top}/scene00{{i}}/blur/blur_1.png",
                f"{top}/scene00{{i}}/gt/gt_1.png",
                "scene00{i}_blur_1",
            ),
            texts={
                f"RealBlur_{letter}_test_list.txt": "".join(
                    f"{top}/scene00{i}/gt/gt_1.png {top}/scene00{i}/blur/blur_1.png\n" for i in (1, 2)
                )
            },
            extra=(f"{top}/scene003/blur/blur_1.png", f"{top}/scene003/gt/gt_1.png"),
        )
        for letter, top in (
            ("J", "RealBlur-J_ECC_IMCORR_centroid_itensity_ref"),
            ("R", "RealBlur-R_BM3D_ECC_IMCORR_centroid_itensity_ref"),
        )
    ),
    Miniature(
        "realblur-j",
        "authors, without a list",
        same(
            2,
            "RealBlur-J/scene001/blur/blur_{i}.png",
            "RealBlur-J/scene001/gt/gt_{i}.png",
            "scene001_blur_{i}",
        ),
        "all",
    ),
    Miniature(
        "realblur-r", "repackaged", same(2, "test/RealBlur_R/input/{i}.png", "test/RealBlur_R/target/{i}.png")
    ),
    Miniature(
        "realblur-j",
        "repackaged, blur and gt in the names",
        same(
            2,
            "test/RealBlur_J/input/scene001_blur_{i}.png",
            "test/RealBlur_J/target/scene001_gt_{i}.png",
            "scene001_blur_{i}",
        ),
    ),
    Miniature(
        "realblur-j",
        "repackaged, paired by order",
        (  # 10 comes after 2
            ("in2", "test/RealBlur_J/input/in2.png", "test/RealBlur_J/target/out2.png"),
            ("in10", "test/RealBlur_J/input/in10.png", "test/RealBlur_J/target/out10.png"),
        ),
    ),
    Miniature(
        "rsblur",
        "authors' list (RSBlur_real_val.txt)",
        same(
            2,
            "RSBlur/0001/00000{i}/real_blur/real_blur.png",
            "RSBlur/0001/00000{i}/gt/gt_sharp.png",
            "0001_00000{i}_real_blur",
        ),
        "val",
        texts={
            "datalist/RSBlur/RSBlur_real_val.txt": "".join(
                f"RSBlur/0001/00000{i}/gt/gt_sharp.png RSBlur/0001/00000{i}/real_blur/real_blur.png\n"
                for i in (1, 2)
            )
        },
        extra=("RSBlur/0001/000001/avg65_img/avg_blur.png",),
    ),
    Miniature(
        "rsblur",
        "authors, without a list",
        same(
            2,
            "RSBlur/0001/00000{i}/real_blur/real_blur.png",
            "RSBlur/0001/00000{i}/gt/gt_sharp.png",
            "0001_00000{i}_real_blur",
        ),
        "all",
    ),
    Miniature(
        "rsblur", "repackaged", same(2, "RSBlur/train/input/{i}.png", "RSBlur/train/target/{i}.png"), "train"
    ),
    Miniature("rsblur", "repackaged", same(2, "RSBlur/test/input/{i}.png", "RSBlur/test/target/{i}.png")),
    *(
        Miniature("dpdd", layout, pairs, variant=variant, depth=16)
        for variant in ("single", "single-16")
        for layout, pairs in (
            (
                "authors",
                (  # shifted names
                    (
                        "1P0A0917",
                        "dd_dp_dataset_canon/test_c/source/1P0A0917.png",
                        "dd_dp_dataset_canon/test_c/target/1P0A0916.png",
                    ),
                    (
                        "1P0A0920",
                        "dd_dp_dataset_canon/test_c/source/1P0A0920.png",
                        "dd_dp_dataset_canon/test_c/target/1P0A0922.png",
                    ),
                ),
            ),
            (
                "Restormer",
                (
                    ("1P0A0917", "test/DPDD/inputC/1P0A0917.png", "test/DPDD/target/1P0A0916.png"),
                    ("1P0A0920", "test/DPDD/inputC/1P0A0920.png", "test/DPDD/target/1P0A0922.png"),
                ),
            ),
        )
    ),
    Miniature(
        "dpdd",
        "Restormer",
        same(2, "train/DPDD/inputC/{i}.png", "train/DPDD/target/{i}.png"),
        "train",
        "single",
        depth=16,
    ),
)

BLOCKLESS_NOISE = (
    Miniature(
        "sidd",
        "authors",
        (
            (
                "0001_NOISY_SRGB_010",
                "SIDD_Medium_Srgb/Data/0001_001_S6/0001_NOISY_SRGB_010.PNG",
                "SIDD_Medium_Srgb/Data/0001_001_S6/0001_GT_SRGB_010.PNG",
            ),
            (
                "0001_NOISY_SRGB_011",
                "SIDD_Medium_Srgb/Data/0001_001_S6/0001_NOISY_SRGB_011.PNG",
                "SIDD_Medium_Srgb/Data/0001_001_S6/0001_GT_SRGB_011.PNG",
            ),
        ),
        "train",
    ),
    Miniature(
        "sidd",
        "Restormer, HINet",
        same(2, "val/SIDD/input_crops/{i}.png", "val/SIDD/target_crops/{i}.png"),
        "val",
    ),
    Miniature(
        "sidd", "repackaged", same(2, "train/SIDD/input/{i}.png", "train/SIDD/target/{i}.png"), "train"
    ),
)

SNOW = (
    Miniature(
        "csd",
        "authors",
        same(2, "CSD/Test/Snow/{i}.tif", "CSD/Test/Gt/{i}.tif"),
        extra=("CSD/Test/Mask/1.tif",),
    ),
    Miniature("csd", "authors", same(2, "CSD/train2500/Snow/{i}.tif", "CSD/train2500/Gt/{i}.tif"), "train"),
    Miniature("csd", "repackaged", same(2, "test/CSD/input/{i}.png", "test/CSD/target/{i}.png")),
    Miniature(
        "srrs", "authors", same(2, "SRRS-2021/Syn/{i}.v.tif", "SRRS-2021/gt/{i}.v.jpg", "{i}.v"), "all"
    ),
    Miniature("srrs", "c-yn", same(2, "SRRS/train2500/Snow/{i}.tif", "SRRS/train2500/Gt/{i}.jpg"), "train"),
    Miniature("srrs", "c-yn", same(2, "SRRS/test2000/Snow/{i}.tif", "SRRS/test2000/Gt/{i}.jpg")),
    Miniature("srrs", "repackaged", same(2, "test/SRRS/input/{i}.png", "test/SRRS/target/{i}.png")),
    *(
        Miniature(
            "snow100k",
            "authors",
            same(
                2,
                f"media/jdway/GameSSD/overlapping/test/Snow100K-{letter}/synthetic/city_{{i}}.jpg",
                f"media/jdway/GameSSD/overlapping/test/Snow100K-{letter}/gt/city_{{i}}.jpg",
                "city_{i}",
            ),
            variant=letter,
            extra=(f"media/jdway/GameSSD/overlapping/test/Snow100K-{letter}/mask/city_1.jpg",),
        )
        for letter in "SML"
    ),
    Miniature(
        "snow100k",
        "authors",
        same(2, "Snow100K/all/synthetic/{i}.jpg", "Snow100K/all/gt/{i}.jpg"),
        "train",
        "all",
    ),
    Miniature(
        "snow100k",
        "c-yn",
        same(2, "Snow100K/train2500/Snow/{i}.jpg", "Snow100K/train2500/Gt/{i}.jpg"),
        "train",
    ),
    Miniature("snow100k", "c-yn", same(2, "Snow100K/test2000/Snow/{i}.jpg", "Snow100K/test2000/Gt/{i}.jpg")),
    Miniature(
        "snow100k", "repackaged", same(2, "test/Snow100K/input/{i}.jpg", "test/Snow100K/target/{i}.jpg")
    ),
)


def _hazy(top: str, hazy: str, clear: str, clear_suffix: str = ".png") -> tuple[tuple[str, str, str], ...]:
    """Three hazy images of two clean ones; what is behind the first _ differs."""
    names = ("1_0.8_0.2", "1_0.8_0.04", "2_1_0.90179")  # 4 comes after 2
    suffix = ".jpg" if "OTS" in top or "outdoor" in top else ".png"
    return tuple((n, f"{top}/{hazy}/{n}{suffix}", f"{top}/{clear}/{n[0]}{clear_suffix}") for n in names)


HAZE = (
    Miniature(
        "its",
        "authors",
        _hazy("ITS/train", "ITS_haze", "ITS_clear"),
        "train",
        extra=("ITS/train/ITS_trans/1_1.png",),
    ),
    Miniature("its", "authors", _hazy("ITS/val", "haze", "clear"), "val", extra=("ITS/val/trans/1_1.png",)),
    Miniature(
        "its",
        "c-yn",
        _hazy("reside-indoor/train", "hazy", "gt"),
        "train",
        extra=("reside-indoor/test/hazy/1_1.png",),
    ),
    Miniature(
        "its",
        "repackaged",
        same(2, "RESIDE-IN/train/hazy/{i}_1.png", "RESIDE-IN/train/GT/{i}_1.png", "{i}_1"),
        "train",
    ),
    Miniature(
        "ots",
        "authors",
        (
            ("1_0.8_0.04", "OTS_ALPHA/OTS/part1/1_0.8_0.04.jpg", "OTS_ALPHA/clear/clear_images/1.jpg"),
            ("1_0.8_0.2", "OTS_ALPHA/OTS/part2/1_0.8_0.2.jpg", "OTS_ALPHA/clear/clear_images/1.jpg"),
            ("2_1_0.1", "OTS_ALPHA/OTS/part2/2_1_0.1.jpg", "OTS_ALPHA/clear/clear_images/2.jpg"),
        ),
        "train",
    ),
    Miniature("ots", "c-yn", _hazy("reside-outdoor/train", "hazy", "gt", ".jpg"), "train"),
    Miniature(
        "ots",
        "repackaged",
        same(2, "RESIDE-OUT/train/hazy/{i}_1.png", "RESIDE-OUT/train/GT/{i}_1.png", "{i}_1"),
        "train",
    ),
    Miniature("sots-indoor", "authors", _hazy("SOTS/indoor", "hazy", "gt")),
    Miniature("sots-indoor", "authors", _hazy("nyuhaze500", "hazy", "gt")),
    Miniature("sots-indoor", "authors", _hazy("reside-indoor/test", "hazy", "gt")),
    Miniature(
        "sots-indoor",
        "repackaged",
        same(2, "RESIDE-IN/test/hazy/{i}_1.png", "RESIDE-IN/test/GT/{i}_1.png", "{i}_1"),
    ),
    Miniature(
        "sots-outdoor", "authors", _hazy("SOTS/outdoor", "hazy", "gt"), extra=("SOTS/indoor/hazy/1_1.png",)
    ),
    Miniature("sots-outdoor", "authors", _hazy("reside-outdoor/test", "hazy", "gt")),
    Miniature(
        "sots-outdoor",
        "repackaged",
        same(2, "RESIDE-OUT/test/hazy/{i}_1.png", "RESIDE-OUT/test/GT/{i}_1.png", "{i}_1"),
    ),
    Miniature("haze4k", "authors", _hazy("Haze4K/test", "haze", "gt"), extra=("Haze4K/test/trans/1.png",)),
    Miniature("haze4k", "DEA-Net", _hazy("Haze4K/train", "hazy", "clear"), "train"),
    Miniature(
        "haze4k", "repackaged", same(2, "Haze4K/test/IN/{i}_1.png", "Haze4K/test/GT/{i}_1.png", "{i}_1")
    ),
    *(
        Miniature(
            "dense-haze",
            "authors",
            tuple(
                (
                    f"{i:02}_hazy",
                    f"Dense_Haze_NTIRE19/hazy/{i:02}_hazy.png",
                    f"Dense_Haze_NTIRE19/GT/{i:02}_GT.png",
                )
                for i in numbers
            ),
            split,
            extra=tuple(
                path
                for i in others
                for path in (
                    f"Dense_Haze_NTIRE19/hazy/{i:02}_hazy.png",
                    f"Dense_Haze_NTIRE19/GT/{i:02}_GT.png",
                )
            ),
        )
        for split, numbers, others in (
            ("test", (51, 55), (1, 50)),
            ("train", (1, 50), (51, 55)),
            ("all", (1, 55), ()),
        )
    ),
    Miniature(
        "dense-haze", "repackaged", same(2, "Dense-Haze/test/hazy/{i}.png", "Dense-Haze/test/GT/{i}.png")
    ),
    Miniature(
        "nhr",
        "authors",
        same(2, "NHR/{i}_NighttimeHazy_1.jpg", "NHR/{i}_lowLight_1.png", "{i}_NighttimeHazy_1"),
        "all",
    ),
    Miniature(
        "nhr",
        "c-yn",
        same(
            2,
            "NHR/test/hazy/{i}_NighttimeHazy_1.jpg",
            "NHR/test/gt/{i}_lowLight_1.jpg",
            "{i}_NighttimeHazy_1",
        ),
    ),
    Miniature("nhr", "repackaged", same(2, "NHR/train/hazy/{i}.jpg", "NHR/train/gt/{i}.jpg"), "train"),
)

OWN = (
    Miniature("folders", "repackaged", same(2, "lq/{i}.png", "gt/{i}.jpg"), "all"),
    Miniature("folders", "repackaged", same(2, "Hazy/{i}.bmp", "Clear/{i}.tiff"), "all"),
    Miniature("folders", "repackaged", same(2, "noisy/{i}.png", "clean/{i}.webp"), "all"),
)

MINIATURES = (*BLUR, *BLOCKLESS_NOISE, *RAIN, *SNOW, *HAZE, *OWN)
