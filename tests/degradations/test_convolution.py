import pytest
import torch
import torch.nn.functional as F

from restora.degradations.convolution import Spectrum, convolve, reflected


def test_it_is_a_convolution_with_mirrored_borders():
    images = torch.rand(2, 3, 14, 17, dtype=torch.float64)
    kernels = torch.rand(2, 1, 7, 7, dtype=torch.float64)
    padded = F.pad(images, (3, 3, 3, 3), mode="reflect")
    flipped = kernels.flip(-1, -2)  # conv2d is a correlation
    expected = torch.stack(
        [
            torch.cat([F.conv2d(channel[None, None], flipped[i : i + 1]) for channel in image], 1)[0]
            for i, image in enumerate(padded)
        ]
    )
    torch.testing.assert_close(convolve(images, kernels), expected)
    # Padded for a larger kernel, it is the same.
    torch.testing.assert_close(Spectrum(images, 5).convolved(kernels), expected)


def test_kernels_larger_than_the_image_keep_constants():
    kernels = torch.rand(1, 1, 21, 21)
    constant = torch.full((1, 3, 4, 1), 0.7)
    torch.testing.assert_close(convolve(constant, kernels / kernels.sum()), constant)


def test_reflection_repeats():
    row = torch.arange(3.0).view(1, 1, 1, 3)
    assert reflected(row, 4)[0, 0, 0].tolist() == [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]


def test_a_kernel_beyond_the_padding_is_refused():
    with pytest.raises(ValueError, match="radius 3"):
        Spectrum(torch.rand(1, 3, 8, 8), 2).convolved(torch.rand(1, 1, 7, 7))
