import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import peak_signal_noise_ratio

from restora.errors import RestoraError
from restora.metrics import protocol, psnr
from restora.pixels import to_uint8

images = arrays(np.uint8, (4, 5, 3))


@settings(max_examples=30, deadline=None)
@given(images, images)
def test_agrees_with_scikit_image(a: np.ndarray, b: np.ndarray) -> None:
    if (a == b).all():
        assert psnr(a, b, peak=255) == float("inf")
    else:
        assert psnr(a, b, peak=255) == pytest.approx(peak_signal_noise_ratio(b, a, data_range=255), abs=1e-9)


def test_refuses_different_shapes_and_peaks() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        psnr(np.zeros((2, 3)), np.zeros((3, 2)), peak=1)
    with pytest.raises(ValueError, match="peak must be positive"):
        psnr(np.zeros(2), np.zeros(2), peak=0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 255))
def test_quantising_is_the_inverse_of_division(value: int) -> None:
    assert to_uint8(np.array([value / 255])) == value
    assert to_uint8(np.array([value / 255], dtype=np.float32)) == value


def test_gaussian_protocol_rounds_before_it_compares() -> None:
    clean = np.full((4, 4, 3), 100 / 255)
    score = protocol("gaussian-rgb8").score
    assert score(clean + 0.4 / 255, clean) == float("inf")
    assert score(clean + 0.6 / 255, clean) == pytest.approx(10 * np.log10(255**2))
    assert score(np.full((4, 4, 3), 1.7), np.ones((4, 4, 3))) == float("inf")


def test_unknown_protocol_lists_the_known_ones() -> None:
    with pytest.raises(RestoraError, match="gaussian-rgb8"):
        protocol("rgb")
