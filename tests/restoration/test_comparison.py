import numpy as np
import pytest

from restora.images import Metadata, Photograph, read
from restora.restoration.comparison import GAP, WIDTH, comparison, detailed_corners, write_comparison


def flat(height, width, value=200):
    return np.full((height, width, 3), value, np.uint8)


def test_before_is_left_and_after_is_right():
    sheet = comparison(Photograph(flat(300, 400, 50)), Photograph(flat(300, 400, 150))).pixels
    assert sheet.shape == (480 + GAP + (WIDTH - GAP) // 2, 2 * WIDTH + GAP, 3)
    assert (sheet[200:470, :WIDTH] == 50).all()
    assert (sheet[200:470, WIDTH + GAP :] == 150).all()
    assert (sheet[300:400, WIDTH : WIDTH + GAP] == 255).all()
    crops = sheet[-100:]
    assert set(np.unique(crops[:, :WIDTH])) == {50, 255}
    assert set(np.unique(crops[:, WIDTH + GAP :])) == {150, 255}


@pytest.mark.parametrize("size", [(600, 800), (3000, 2000)])
def test_crops_show_the_most_detailed_places(size):
    pixels = flat(*size)
    random = np.random.default_rng(0)
    for top, left in ((40, 60), (size[0] - 200, size[1] - 220)):
        pixels[top : top + 128, left : left + 128] = random.integers(0, 256, (128, 128, 3))
    first, second = detailed_corners(Photograph(pixels))
    assert np.abs(np.subtract(first, (40, 60))).max() <= 10
    assert np.abs(np.subtract(second, (size[0] - 200, size[1] - 220))).max() <= 10


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (64, 64), (130, 4000)])
def test_any_size_works(size):
    assert comparison(Photograph(flat(*size)), Photograph(flat(*size))).width == 2 * WIDTH + GAP


def test_depth_gray_alpha_and_orientation_are_shown_as_a_viewer_does(tmp_path):
    deep = np.zeros((40, 80), np.uint16)
    deep[:, :40] = 65535
    alpha = np.full((40, 80), 65535, np.uint16)
    alpha[20:] = 0
    photograph = Photograph(deep, alpha, Metadata(orientation=6))
    sheet = read(write_comparison(tmp_path / "a.png", photograph, photograph)).pixels
    # Turned clockwise: 40 wide, 80 high; the transparent lower half is left, on white; the black half below.
    whole = sheet[: 2 * WIDTH, :WIDTH]
    assert (whole[1000:1200, 400:600] == 0).all()
    assert (whole[1000:1200, 50:250] == 255).all()
    assert (whole[300:500, 400:600] == 255).all()


def test_profile_is_kept():
    photograph = Photograph(flat(20, 20), metadata=Metadata(icc=b"profile"))
    assert comparison(photograph, photograph).metadata.icc == b"profile"
