import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from restora.diagnosis.windows import COUNT, WINDOW, look


def numbered(height, width):
    """A picture whose first two channels tell where a pixel is, by 256."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows % 256, columns % 256, rows * 0], axis=2).astype(np.uint8)


@pytest.mark.parametrize("size", [(192, 192), (500, 777), (3000, 4001), (200, 5000)])
def test_windows_are_parts_of_the_picture_on_the_grid_of_jpeg(size):
    windows, thumbnail = look(numbered(*size))
    assert 1 <= len(windows) <= COUNT
    assert windows.shape[1:] == (WINDOW, WINDOW, 3)
    assert thumbnail.shape == (128, 128, 3)
    for window in windows:
        top, left = window[0, 0, :2]
        assert top % 8 == 0
        assert left % 8 == 0
        assert_array_equal(window[..., 0], ((top + np.arange(WINDOW)) % 256)[:, None].repeat(WINDOW, 1))


def test_a_large_picture_is_looked_at_in_twelve_places_that_do_not_overlap():
    rows = np.arange(3000)[:, None] // 200  # which of 15 x 20 squares of 200 pixels
    columns = np.arange(4000)[None] // 200
    windows, _ = look(np.stack(np.broadcast_arrays(rows, columns, 0), 2).astype(np.uint8))
    assert len(windows) == COUNT
    assert len({tuple(window[96, 96, :2]) for window in windows}) == COUNT


def test_detail_draws_the_windows():
    picture = np.full((900, 1200, 3), 128, np.uint8)
    picture[40:220, 40:220] = np.random.default_rng(0).integers(0, 255, (180, 180, 1))
    windows, _ = look(picture)
    assert sum(window.std() > 20 for window in windows) == 1


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (63, 1000), (1000, 64)])
def test_small_and_narrow_pictures_are_repeated_as_their_mirror_image(size):
    windows, _ = look(numbered(*size))
    assert min(windows.shape[1:3]) >= 64
    assert windows.shape[1] % 8 == 0
    if max(size) < 64:
        assert_array_equal(windows[0, : size[0], : size[1]], numbered(*size))
        assert_array_equal(windows[0, 0, size[1] : size[1] + 1], numbered(*size)[0, -1:])


def test_every_depth_and_gray_show_the_same():
    picture = np.random.default_rng(0).integers(0, 255, (250, 260), np.uint8)
    expected, thumbnail = look(np.repeat(picture[..., None], 3, 2))
    for same in (picture, picture.astype(np.uint16) * 257, picture / np.float32(255), picture / 255):
        windows, small = look(same)
        assert_array_equal(windows, expected)
        assert np.abs(small.astype(int) - thumbnail).max() <= 1


def test_a_huge_picture_is_not_copied():
    picture = np.zeros((8000, 10_000, 3), np.uint8)
    tracemalloc.start()
    look(picture)
    assert tracemalloc.get_traced_memory()[1] < picture.nbytes / 10
    tracemalloc.stop()
