import copy

import cv2
import numpy as np
import pytest

from restora.datasets.sharp_windows import grid_windows, sharpest


@pytest.mark.parametrize(
    ("size", "crop", "step", "count"),
    [
        ((720, 1280), 512, 256, 8),
        ((1120, 1680), 512, 204, 28),
        ((512, 512), 512, 1, 1),
        ((300, 600), 512, 256, 2),
    ],
)
def test_windows_cover_the_image_and_stay_in_it(
    size: tuple[int, int], crop: int, step: int, count: int
) -> None:
    windows = grid_windows(*size, crop, step)
    assert len(windows) == len(set(windows)) == count
    covered = np.zeros(size, bool)
    for window in windows:
        part = window.of(covered)
        assert part.shape == (min(crop, size[0]), min(crop, size[1]))
        part[...] = True
    assert covered.all()


def test_windows_are_those_of_dpdd() -> None:
    windows = grid_windows(1120, 1680, 512, 204)
    assert sorted({window.top for window in windows}) == [0, 204, 408, 608]
    assert sorted({window.left for window in windows}) == [0, 204, 408, 612, 816, 1020, 1168]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_sharpest_are_those_of_the_published_procedure(dtype: type) -> None:
    random = np.random.default_rng(0)
    image = random.integers(0, np.iinfo(dtype).max, (112, 168, 3)).astype(np.float32)
    for column in range(0, 168, 24):  # softer from place to place
        part = image[:, column : column + 24]
        part[...] = cv2.GaussianBlur(part, (0, 0), 0.3 + random.uniform(0, 3))
    clean = image.astype(dtype)
    windows = grid_windows(112, 168, 51, 20)
    kept = sharpest(clean, windows, 0.7)
    assert len(windows) - len(kept) == int(0.3 * len(windows))
    assert kept == _published(clean, windows, 0.3)


def _published(clean: np.ndarray, windows: list, ratio: float) -> list:
    """The procedure step by step: measure, normalise, multiply, take away the least sharp one by one."""
    scores = np.ones(len(windows))
    for side in (3, 7, 11, 15):
        sums = []
        for window in windows:
            gray = cv2.cvtColor(np.ascontiguousarray(window.of(clean)), cv2.COLOR_RGB2GRAY)
            x, y = (
                cv2.Sobel(gray, cv2.CV_64F, 1, 0, ksize=side),
                cv2.Sobel(gray, cv2.CV_64F, 0, 1, ksize=side),
            )
            sums.append(np.sum(np.sqrt(x * x + y * y)))
        values = np.array(sums)
        scores = scores * (values - values.min()) / (values.max() - values.min())
    kept, left = copy.copy(windows), scores.tolist()
    for _ in range(int(ratio * len(windows))):
        least = int(np.argmin(left))
        del kept[least], left[least]
    return kept


def test_windows_alike_are_dropped_without_a_division_by_zero() -> None:
    windows = grid_windows(8, 40, 8, 8)
    assert sharpest(np.zeros((8, 40, 3), np.uint8), windows, 0.5) == windows[2:]
