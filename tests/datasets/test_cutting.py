import cv2
import numpy as np
import pytest
import torch

from restora.datasets.cutting import cut, draw_place, to_tensor


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


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_tensors_are_in_0_to_1_and_share_nothing(dtype: type) -> None:
    peak = 1 if dtype == np.float32 else np.iinfo(dtype).max
    pixels = np.array([[[0, peak, peak / 5]]], dtype)
    for layout in (pixels, np.asfortranarray(pixels)):
        tensor = to_tensor(layout)
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor[:, 0, 0], torch.tensor([0.0, 1.0, 0.2]), atol=1e-6, rtol=0)
        tensor += 1
        assert pixels[0, 0, 0] == 0
