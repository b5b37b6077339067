from pathlib import Path

import pytest
from miniatures import paint, save

from restora.datasets import open_benchmark
from restora.errors import RestoraError


def scene(root: Path, number: int) -> str:
    """Write a scene of RealBlur and return its line of the list."""
    gt, blur = f"RealBlur-J/scene{number:03}/gt/gt_1.png", f"RealBlur-J/scene{number:03}/blur/blur_1.png"
    save(root / gt, paint((4, 4), 10))
    save(root / blur, paint((4, 4), 200))
    return f"{gt} {blur}\n"


def test_the_list_alone_tells_the_test_pairs(tmp_path: Path) -> None:
    lines = [scene(tmp_path, number) for number in (3, 1, 2)]
    (tmp_path / "RealBlur_J_test_list.txt").write_text(lines[0] + "\n" + lines[1])
    pairs = open_benchmark("realblur-j", tmp_path)
    assert pairs.names == ("scene003_blur_1", "scene001_blur_1")
    assert pairs[0].degraded.max() == 200, "the clean path comes first"
    assert pairs.remarks == ("2 pairs where 980 are published: incomplete or another release",)
    assert len(open_benchmark("realblur-j", tmp_path, split="all")) == 3


def test_the_list_may_lie_beside_the_folder_that_is_named(tmp_path: Path) -> None:
    lines = "".join(scene(tmp_path, number) for number in (1, 2))
    (tmp_path / "RealBlur-J/RealBlur_J_test_list.txt").write_text(lines)
    assert len(open_benchmark("realblur-j", tmp_path / "RealBlur-J")) == 2


def test_a_listed_file_that_is_absent_is_named(tmp_path: Path) -> None:
    lines = "".join(scene(tmp_path, number) for number in (1, 2))
    (tmp_path / "RealBlur_J_test_list.txt").write_text(lines)
    (tmp_path / "RealBlur-J/scene002/blur/blur_1.png").unlink()
    with pytest.raises(
        RestoraError, match=r"scene002/blur/blur_1.png: belongs to the split, but is not there"
    ):
        open_benchmark("realblur-j", tmp_path)


def test_without_a_list_the_split_is_unknown(tmp_path: Path) -> None:
    scene(tmp_path, 1)
    with pytest.raises(
        RestoraError, match=r"no known layout of RealBlur-J \(test\).*RealBlur_J_SPLIT_list.txt"
    ):
        open_benchmark("realblur-j", tmp_path)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "RealBlur_J_test_list.txt").write_text(scene(tmp_path, 1) + "gt.png\n")
    with pytest.raises(RestoraError, match=r"RealBlur_J_test_list.txt: line 2 holds 1 words"):
        open_benchmark("realblur-j", tmp_path)
