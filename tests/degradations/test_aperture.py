import math

import pytest
import torch

from restora.degradations.aperture import butterworth, disc, half_apertures, kernel_size


def butterworth_of(radius, size, order=6.0, cutoff=2.0, floor=0.1):
    return butterworth(radius, size, *(torch.full_like(radius, value) for value in (order, cutoff, floor)))


@pytest.mark.parametrize("make", [disc, butterworth_of])
def test_kernels_sum_to_one_are_symmetric_and_fit(make):
    radius = torch.tensor([0.0, 0.3, 1.0, 2.5, 6.0])
    size = kernel_size(6.0, "butterworth")
    kernels = make(radius, size)
    torch.testing.assert_close(kernels.sum((1, 2, 3)), torch.ones(5))
    torch.testing.assert_close(kernels, kernels.flip(-1))
    torch.testing.assert_close(kernels, kernels.transpose(-1, -2))
    assert kernels.min() >= 0
    assert kernels[0, 0, size, size] == 1
    torch.testing.assert_close(make(radius, size + 3)[..., 3:-3, 3:-3], kernels)


def test_a_disc_is_even_with_the_spread_and_area_of_its_radius():
    kernel = disc(torch.tensor([8.0]), kernel_size(8, "disc"))[0, 0]
    steps = torch.arange(-9.0, 10)
    distance = (steps.view(-1, 1) ** 2 + steps**2).sqrt()
    inside = kernel[distance < 7.4]
    torch.testing.assert_close(inside, torch.full_like(inside, 1 / (math.pi * 64)), rtol=0.01, atol=0)
    assert float((kernel * distance**2).sum()) == pytest.approx(8**2 / 2, rel=0.02)


def test_a_butterworth_disc_is_dim_in_the_middle():
    kernel = butterworth_of(torch.tensor([10.0]), 13, floor=0.2)[0, 0]
    assert float(kernel[13, 13] / kernel.max()) == pytest.approx(0.2, abs=0.01)
    assert float(kernel[13, 13 + 8] / kernel.max()) > 0.9


def test_halves_mean_the_whole_and_lie_on_opposite_sides():
    kernels = disc(torch.tensor([5.0, 5.0, 0.0]), 6)
    left, right = half_apertures(kernels, torch.tensor([1.0, -1.0, 0.0]))
    torch.testing.assert_close((left + right) / 2, kernels)
    torch.testing.assert_close(left.flip(-1), right)
    torch.testing.assert_close(left.sum((1, 2, 3)), torch.ones(3))
    assert min(left.min(), right.min()) >= 0
    centre = (left * torch.arange(-6.0, 7)).sum((1, 2, 3))
    assert centre[0] < -0.5
    assert centre[1] == pytest.approx(-float(centre[0]))
    assert centre[2] == 0
