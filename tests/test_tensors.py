import numpy as np
import pytest
import torch

from restora.pixels import to_uint8
from restora.tensors import quantize, to_pixels, to_tensor


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


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.float32, torch.float64])
def test_pixels_are_the_values_of_the_tensor(dtype: torch.dtype) -> None:
    tensor = torch.arange(24).view(3, 2, 4).to(dtype)
    pixels = to_pixels(tensor)
    assert pixels.flags.c_contiguous
    assert torch.equal(torch.from_numpy(pixels), tensor.permute(1, 2, 0))


def test_tensors_are_quantised_as_pixels_are() -> None:
    values = torch.linspace(-0.2, 1.2, 9973)
    assert quantize(values).tolist() == to_uint8(values.numpy()).tolist()
