from pathlib import Path

import numpy as np
import pytest
from miniatures import paint, save

from restora.datasets import open_benchmark
from restora.errors import RestoraError


@pytest.mark.parametrize(("benchmark", "rain_left"), [("did", True), ("test100", False)])
def test_which_side_is_clean_depends_on_the_set(benchmark: str, rain_left: bool, tmp_path: Path) -> None:
    left, right = paint((8, 6), 20), paint((8, 6), 220)
    save(tmp_path / "1.png", np.concatenate((left, right), axis=1))
    pair = open_benchmark(benchmark, tmp_path)[0]
    np.testing.assert_array_equal(pair.degraded, left if rain_left else right)
    np.testing.assert_array_equal(pair.clean, right if rain_left else left)


def test_an_odd_width_is_an_error(tmp_path: Path) -> None:
    save(tmp_path / "1.png", paint((16, 6), 20))
    save(tmp_path / "2.png", paint((17, 6), 20))
    with pytest.raises(RestoraError, match=r"2.png: is 17 pixels wide, which are no two halves"):
        open_benchmark("did", tmp_path)[1]


def test_one_kind_of_a_divided_set_is_not_taken_for_halves(tmp_path: Path) -> None:
    save(tmp_path / "input/1.png", paint((16, 6), 20))
    with pytest.raises(RestoraError, match="no known layout of DID-Data"):
        open_benchmark("did", tmp_path / "input")
