from pathlib import Path

import numpy as np
import pytest
from miniatures import paint, save

from restora.datasets import BENCHMARKS, open_benchmark
from restora.datasets.gaussian import add_test_noise
from restora.errors import RestoraError

CLEAN = [name for name, card in BENCHMARKS.items() if "sigma-25" in card.variants]


@pytest.mark.parametrize("benchmark", CLEAN)
def test_every_clean_set_is_found_by_the_name_of_its_folder(benchmark: str, tmp_path: Path) -> None:
    for folder in BENCHMARKS[benchmark].folders:
        save(tmp_path / folder / "0001.tif", paint((4, 4), 100))
        assert open_benchmark(benchmark, tmp_path).names == ("0001",)
        assert open_benchmark(benchmark, tmp_path / folder).names == ("0001",)


def test_noise_is_that_of_the_protocol_and_of_any_strength(tmp_path: Path) -> None:
    save(tmp_path / "Kodak/kodim01.png", paint((6, 4), 51))
    for variant, sigma in ((None, 25.0), ("sigma-50", 50.0), ("sigma-7.5", 7.5)):
        pair = open_benchmark("kodak24", tmp_path, variant=variant)[0]
        np.testing.assert_array_equal(pair.degraded, add_test_noise(np.full((4, 6, 3), 51 / 255), sigma))
        assert pair.clean is not None
        assert pair.clean.dtype == np.uint8
    with pytest.raises(RestoraError, match=r"kodak24: has no variant 'blurry'; there are: sigma-25"):
        open_benchmark("kodak24", tmp_path, variant="blurry")


def test_div2k_leaves_out_its_validation_images(tmp_path: Path) -> None:
    for number in (1, 800, 801, 900):
        save(tmp_path / f"DIV2K_train_HR/{number:04}.png", paint((4, 4), 100))
    assert open_benchmark("div2k", tmp_path).names == ("0001", "0800")


def test_photographs_are_degraded_by_presets_one_after_the_other(tmp_path: Path) -> None:
    clean = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    for name in ("one", "two"):
        save(tmp_path / f"{name}.png", clean)
    pairs = {
        variant: open_benchmark("photographs", tmp_path, variant=variant)
        for variant in ("clean", "haze-outdoor", "sensor-strong-jpeg-75", "jpeg-75")
    }
    np.testing.assert_array_equal(pairs["clean"][0].degraded, clean)
    for variant, found in pairs.items():
        first, second = found
        assert first.degraded.dtype == np.uint8
        np.testing.assert_array_equal(first.clean, clean)
        np.testing.assert_array_equal(first.degraded, found[0].degraded)  # the same every time
        if variant in ("haze-outdoor", "sensor-strong-jpeg-75"):
            assert (first.degraded != second.degraded).any()  # the name is the seed
    noise = [np.std(pairs[v][0].degraded - clean.astype(float)) for v in ("sensor-strong-jpeg-75", "jpeg-75")]
    assert noise[0] > noise[1] > 0


def test_photographs_refuse_what_is_no_preset(tmp_path: Path) -> None:
    save(tmp_path / "one.png", paint((4, 4), 100))
    for variant in ("haze-purple", "fire-strong", "haze-outdoor-jpeg"):
        with pytest.raises(RestoraError, match=r"purple|fire|haze-outdoor-jpeg"):
            open_benchmark("photographs", tmp_path, variant=variant)
