import cv2
import numpy as np

from restora.datasets.cutting import cut, draw_place


def test_reflection_agrees_with_opencv() -> None:
    pixels = np.random.default_rng(0).integers(0, 9, (5, 7, 3), dtype=np.uint8)
    expected = cv2.copyMakeBorder(pixels, 0, 11 - 5, 0, 11 - 7, cv2.BORDER_REFLECT)
    np.testing.assert_array_equal(cut(pixels, 0, 0, 11), expected)
    assert cut(pixels[:1, :1], 0, 0, 11).shape == (11, 11, 3)


def test_every_place_of_an_image_is_drawn() -> None:
    random = np.random.default_rng(0)
    image = np.zeros((6, 5, 3))
    assert {draw_place(random, image, 4) for _ in range(200)} == {
        (top, left) for top in range(3) for left in range(2)
    }
    assert {draw_place(random, image, 6) for _ in range(20)} == {(0, 0)}
