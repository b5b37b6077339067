import numpy as np
import pytest
import torch
import torch.nn.functional as F
from golden import load
from golden_dinat_ir import tens
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.layers import GlobalMean, LocalMean, SubsampledLocalMean, box_means

INPUTS = {
    "big": lambda: tens((2, 3, 40, 36), "pool/big", 1) + 0.2,
    "odd": lambda: tens((1, 3, 33, 41), "pool/odd", 1) + 0.2,
    "part": lambda: tens((1, 3, 18, 40), "pool/part", 1),
}


WARM = ["warm16_big", "warm16_odd", "warm16_part", "warm8_big"]


@pytest.mark.parametrize("name", [*WARM, "fast_warm16_big", "fast_warm16_odd", "fast_warm8_big"])
def test_vectors_of_windows_fixed_in_training(name: str) -> None:
    vectors = load("dinat_ir/tlc_pool.npz")
    size, image = name.removeprefix("fast_").removeprefix("warm").split("_")
    kind = SubsampledLocalMean if name.startswith("fast") else LocalMean
    pool = kind.for_training((int(size), int(size)), (16, 16))
    assert pool.window == tuple(vectors[f"{name}_ks"])
    if isinstance(pool, SubsampledLocalMean):
        assert pool.steps == tuple(vectors[f"{name}_r"])
    x = INPUTS[image]()
    np.testing.assert_allclose(
        pool(x).expand_as(x), np.broadcast_to(vectors[name], x.shape), rtol=0, atol=1e-5
    )


def test_vectors_of_a_window_beyond_the_map_and_of_a_given_one() -> None:
    vectors = load("dinat_ir/tlc_pool.npz")
    big, odd = INPUTS["big"](), INPUTS["odd"]()
    np.testing.assert_allclose(LocalMean((60, 54))(big), vectors["cold_big"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(LocalMean((5, 6))(odd), vectors["explicit_5x6_odd"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(box_means(odd, (5, 6)), vectors["explicit_5x6_odd_nopad"], rtol=0, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 12), width=st.integers(1, 12), rows=st.integers(1, 14), columns=st.integers(1, 14)
)
def test_box_means_are_average_pooling(height: int, width: int, rows: int, columns: int) -> None:
    x = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    expected = F.avg_pool2d(x, (min(rows, height), min(columns, width)), stride=1)
    torch.testing.assert_close(box_means(x, (rows, columns)), expected)
    local = LocalMean((rows, columns))(x)
    if rows >= height and columns >= width:
        torch.testing.assert_close(local, GlobalMean()(x))
    else:
        assert local.shape == x.shape
