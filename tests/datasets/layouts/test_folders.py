from pathlib import Path

import numpy as np
import pytest
from miniatures import paint, save

from restora.datasets import find_benchmark, open_benchmark
from restora.errors import RestoraError


def fill(root: Path, *paths: str, size: tuple[int, int] = (12, 8), gray: int = 50) -> None:
    for path in paths:
        save(root / path, paint(size, gray))


def test_the_suffix_decides_between_images_of_one_name(tmp_path: Path) -> None:
    fill(tmp_path, "input/1.jpg", "input/1.png", "target/1.jpg", "target/1.png")
    pairs = open_benchmark("folders", tmp_path)
    assert [(e.degraded.file.name, e.clean.file.name) for e in pairs.entries if e.clean] == [
        ("1.jpg", "1.jpg"),
        ("1.png", "1.png"),
    ]
    assert pairs.names == ("1.jpg", "1.png"), "names stay unique"


def test_two_partners_of_other_suffixes_are_none(tmp_path: Path) -> None:
    fill(tmp_path, "input/1.bmp", "target/1.jpg", "target/1.png")
    with pytest.raises(RestoraError, match=r"input/1.bmp: has no clean partner"):
        open_benchmark("folders", tmp_path)


def test_a_clean_image_too_many_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "input/1.png", "target/1.png", "target/2.png")
    with pytest.raises(RestoraError, match=r"target/2.png: is the clean partner of no image"):
        open_benchmark("folders", tmp_path)


def test_a_name_against_the_rule_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "hazy/1_0.9.png", "gt/1.png", "hazy/thumbnail.png")
    with pytest.raises(RestoraError, match=r"hazy/thumbnail.png: has a name that does not follow the rule"):
        open_benchmark("sots-indoor", tmp_path)


def test_duplicates_of_test2800_are_passed_over_and_told(tmp_path: Path) -> None:
    fill(tmp_path, "input/926_10.jpg", "input/926_10(1).jpg", "target/926_10.jpg")
    assert open_benchmark("test2800", tmp_path).names == ("926_10",)
    assert [path.name for path in find_benchmark("test2800", tmp_path).ignored] == ["926_10(1).jpg"]


def test_500_hazy_images_of_492_clean_ones_are_500_pairs(tmp_path: Path) -> None:
    # The 492 are ids 1...492; eight of them have a second hazy image.
    for folder, names in {
        "hazy": [f"{i:04}_0.8_0.2.png" for i in range(1, 493)] + [f"{i:04}_1_0.12.png" for i in range(1, 9)],
        "gt": [f"{i:04}.png" for i in range(1, 493)],
    }.items():
        save(tmp_path / folder / names[0], paint((2, 2), 9))
        for name in names[1:]:
            (tmp_path / folder / name).hardlink_to(tmp_path / folder / names[0])
    pairs = open_benchmark("sots-outdoor", tmp_path)
    assert len(pairs) == 500
    assert pairs.remarks == ()
    assert len({entry.clean.file for entry in pairs.entries if entry.clean}) == 492


def test_the_border_of_reside_is_cut_off_and_nothing_else(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    clean = random.integers(0, 256, (28, 32, 3), dtype=np.uint8)
    save(tmp_path / "gt/1.png", clean)
    fill(tmp_path, "hazy/1_1.png", size=(12, 8))
    pair = open_benchmark("sots-indoor", tmp_path)[0]
    assert pair.clean is not None
    np.testing.assert_array_equal(pair.clean, clean[10:-10, 10:-10])

    fill(tmp_path, "hazy/1_1.png", size=(14, 8))
    with pytest.raises(
        RestoraError, match=r"1.png: is 32x28, but .*1_1.png is 14x8; take both from the same"
    ):
        open_benchmark("sots-indoor", tmp_path)[0]


def test_other_sets_have_no_border(tmp_path: Path) -> None:
    fill(tmp_path, "input/1.png", size=(12, 8))
    fill(tmp_path, "target/1.png", size=(32, 28))
    with pytest.raises(RestoraError, match=r"target/1.png: is 32x28, but"):
        open_benchmark("rain100l", tmp_path)[0]


def test_links_to_one_clean_image_count_each(tmp_path: Path) -> None:
    fill(tmp_path, "hazy/1_1.png", "hazy/1_2.png", "GT/1_1.png")
    (tmp_path / "GT/1_2.png").symlink_to("1_1.png")
    assert open_benchmark("sots-indoor", tmp_path).names == ("1_1", "1_2")


def test_gray_files_have_three_channels(tmp_path: Path) -> None:
    save(tmp_path / "input/1.png", np.full((8, 12), 7, np.uint8))
    fill(tmp_path, "target/1.png")
    assert open_benchmark("folders", tmp_path)[0].degraded.shape == (8, 12, 3)


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    fill(tmp_path, "input/1.png", "input/._1.png", "target/1.png")
    assert len(open_benchmark("folders", tmp_path)) == 1
