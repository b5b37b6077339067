from pathlib import Path

import numpy as np
import pytest
from miniatures import save

from restora.datasets import open_benchmark
from restora.errors import RestoraError

SHOTS = ((917, 916), (921, 923), (930, 929), (940, 942), (951, 950), (960, 961))


def deep(value: int) -> np.ndarray:
    return np.full((4, 6, 3), value, np.uint16)


def build(root: Path, *, without: tuple[int, ...] = ()) -> Path:
    """Write DPDD as its authors do: other shot numbers in source and target, views with _L and _R."""
    top = root / "dd_dp_dataset_canon"
    for i, (source, target) in enumerate(SHOTS):
        for view, suffix in (("c", ""), ("l", "_L"), ("r", "_R")):
            if source not in without:
                value = 1000 * i + {"c": 0x1FF, "l": 1, "r": 2}[view]
                save(top / f"test_{view}/source/1P0A{source:04}{suffix}.png", deep(value))
        if target not in without:
            save(top / f"test_c/target/1P0A{target:04}.png", deep(60000 + i))
    return top


def test_single_images_lose_the_lower_byte_without_rounding(tmp_path: Path) -> None:
    top = build(tmp_path)
    pair = open_benchmark("dpdd", top)[0]
    assert pair.degraded.dtype == np.uint8
    assert pair.degraded.max() == 1  # 0x1FF, which rounds to 2
    assert pair.clean is not None
    assert pair.clean.max() == 60000 >> 8
    assert open_benchmark("dpdd", top, variant="single-16")[0].degraded.max() == 0x1FF


def test_dual_pixel_views_are_six_channels_left_first(tmp_path: Path) -> None:
    pairs = open_benchmark("dpdd", build(tmp_path), variant="dual")
    assert pairs.names[0] == "1P0A0917_L"
    for i, pair in enumerate(pairs):
        assert pair.degraded.shape == (4, 6, 6)
        assert pair.degraded[0, 0].tolist() == [1000 * i + 1] * 3 + [1000 * i + 2] * 3
        assert pair.clean is not None
        assert pair.clean.dtype == np.uint16
        assert pair.clean.max() == 60000 + i


def test_a_missing_file_is_an_error_and_shifts_nothing(tmp_path: Path) -> None:
    top = build(tmp_path, without=(929,))
    with pytest.raises(RestoraError, match=r"1P0A0930.png: .*holds 6 images and .*target 5"):
        open_benchmark("dpdd", top)


def test_gaps_on_both_sides_are_noticed(tmp_path: Path) -> None:
    top = build(tmp_path, without=(921, 929))
    with pytest.raises(RestoraError, match=r"1P0A0930.png: comes to stand beside 1P0A0923.png"):
        open_benchmark("dpdd", top)


def test_indoor_and_outdoor_come_from_positions_counted_from_one(tmp_path: Path) -> None:
    for source, target in SHOTS:
        for folder, number in (("inputC", source), ("target", target)):
            save(tmp_path / f"test/DPDD/{folder}/1P0A{number:04}.png", deep(1))
    np.save(tmp_path / "test/DPDD/indoor_labels.npy", np.array([6, 1]))
    np.save(tmp_path / "test/DPDD/outdoor_labels.npy", np.array([2.0, 3.0, 4.0, 5.0]))
    assert open_benchmark("dpdd", tmp_path, split="test-indoor").names == ("1P0A0917", "1P0A0960")
    assert len(open_benchmark("dpdd", tmp_path, split="test-outdoor")) == 4
    np.save(tmp_path / "test/DPDD/indoor_labels.npy", np.array([7]))
    with pytest.raises(RestoraError, match=r"indoor_labels.npy: speaks of image 7 of 6"):
        open_benchmark("dpdd", tmp_path, split="test-indoor")


def test_labels_never_execute_a_pickle(tmp_path: Path) -> None:
    top = build(tmp_path)
    np.save(top / "indoor_labels.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(RestoraError, match=r"indoor_labels.npy: is no plain NumPy array"):
        open_benchmark("dpdd", top, split="test-indoor")
    with pytest.raises(RestoraError, match=r"outdoor_labels.npy: is needed to tell this subset"):
        open_benchmark("dpdd", top, split="test-outdoor")
