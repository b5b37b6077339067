import sys
from pathlib import Path

import numpy as np
import pytest

from restora.datasets import open_benchmark
from restora.errors import RestoraError


def build(root: Path, *names: str) -> np.ndarray:
    """Write blocks of 8 x 8, (3 images, 2 blocks), and return the last."""
    savemat = pytest.importorskip("scipy.io").savemat
    for seed, name in enumerate(names):
        blocks = np.random.default_rng(seed).integers(0, 256, (3, 2, 8, 8, 3), dtype=np.uint8)
        savemat(root / f"{name}.mat", {name: blocks}, do_compression=True)
    return blocks


def test_blocks_are_pairs_in_the_order_of_the_server(tmp_path: Path) -> None:
    clean = build(tmp_path, "ValidationNoisyBlocksSrgb", "ValidationGtBlocksSrgb")
    pairs = open_benchmark("sidd", tmp_path)
    assert pairs.names == tuple(f"{i:04}" for i in range(6))
    np.testing.assert_array_equal(pairs[3].clean, clean[1, 1])
    assert not np.array_equal(pairs[3].degraded, clean[1, 1])
    assert str(pairs.entries[0].degraded.header()) == "8x8 8-bit MATLAB"


def test_benchmark_blocks_have_no_clean_image(tmp_path: Path) -> None:
    noisy = build(tmp_path, "BenchmarkNoisyBlocksSrgb")
    pairs = open_benchmark("sidd", tmp_path, split="benchmark")
    assert not pairs.has_clean
    assert pairs[5].clean is None
    np.testing.assert_array_equal(pairs[5].degraded, noisy[2, 1])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    build(tmp_path, "ValidationNoisyBlocksSrgb")
    with pytest.raises(RestoraError, match=r"ValidationGtBlocksSrgb.mat: belongs to the split"):
        open_benchmark("sidd", tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    (tmp_path / "BenchmarkNoisyBlocksSrgb.mat").write_bytes(b"no MATLAB file" * 20)
    with pytest.raises(RestoraError, match=r"BenchmarkNoisyBlocksSrgb.mat: is no MATLAB file"):
        open_benchmark("sidd", tmp_path, split="benchmark")


def test_without_scipy_the_command_to_install_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "BenchmarkNoisyBlocksSrgb.mat").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(RestoraError, match=r"pip install 'restora\[benchmarks\]'"):
        open_benchmark("sidd", tmp_path, split="benchmark")
