import numpy as np
import pytest

from restora.pixels import convert_depth, gray_to_rgb, to_double, to_float, to_uint8

BYTES = np.arange(256, dtype=np.uint8)
WORDS = np.arange(65536, dtype=np.uint16)


def test_integers_are_rounded_to_the_nearest() -> None:
    assert to_uint8(WORDS).tolist() == [round(value / 257) for value in range(65536)]
    assert convert_depth(BYTES, np.uint16).tolist() == [257 * value for value in range(256)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stored", [BYTES, WORDS], ids=["uint8", "uint16"])
def test_integers_come_back_from_floats(stored: np.ndarray, dtype: type) -> None:
    floats = convert_depth(stored, dtype)
    assert floats.dtype == dtype
    assert (
        floats.tolist() == (stored.astype(dtype) / dtype(stored.max())).tolist()
    )  # divided once, in that type
    assert convert_depth(floats, stored.dtype).tolist() == stored.tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_clamped_on_the_way_to_integers_only(dtype: type) -> None:
    wild = np.array([-np.inf, -0.25, 0.25, 1.5, np.inf, np.nan], dtype)
    assert to_uint8(wild).tolist() == [0, 0, 64, 255, 255, 0]
    np.testing.assert_array_equal(to_double(wild), wild)
    np.testing.assert_array_equal(to_float(wild), wild)


def test_halves_go_to_the_even_one() -> None:
    assert to_uint8(np.array([0.5, 1.5, 2.5]) / 255).tolist() == [0, 2, 2]


def test_shape_order_and_byte_order_do_not_matter() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    for view in (pixels[::-1, ::2], np.asfortranarray(pixels), pixels.astype(">u2")):
        for dtype in (np.uint8, np.float32):
            np.testing.assert_array_equal(
                convert_depth(view, dtype), convert_depth(view.astype(np.uint16).copy(), dtype)
            )


def test_large_images_are_converted_to_their_end() -> None:
    values = np.random.default_rng(0).random((1100, 1000), np.float32)
    np.testing.assert_array_equal(to_uint8(values), np.rint(values * np.float64(255)))


def test_gray_becomes_three_equal_channels() -> None:
    gray = np.arange(6, dtype=np.uint16).reshape(2, 3)
    rgb = gray_to_rgb(gray)
    assert all((rgb[..., channel] == gray).all() for channel in range(3))
    assert gray_to_rgb(rgb) is rgb
