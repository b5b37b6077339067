import numpy as np
import torch

from restora.degradations.trajectory_blur import (
    STEPS,
    blur_kernels,
    random_trajectories,
)


def test_paths_have_the_length_that_was_asked_for(generator):
    length = torch.tensor([5.0, 60.0])
    paths = random_trajectories(length, torch.tensor([0.005, 0.01]), length, generator(0))
    assert paths.shape == (2, STEPS)
    np.testing.assert_allclose(np.abs(np.diff(paths, axis=1)).sum(1), length, rtol=1e-9)
    assert (paths[:, 0] == 0).all()


def test_without_anxiety_the_way_is_straight_and_with_much_it_stays_near(generator):
    length = torch.full((20,), 40.0)
    straight = random_trajectories(length, torch.zeros(20), length, generator(0))
    np.testing.assert_allclose(np.abs(straight[:, -1]), 40, rtol=1e-9)
    shaken = random_trajectories(length, torch.full((20,), 0.1), length, generator(0))
    assert np.abs(shaken[:, -1]).mean() < 20


def test_kernels_sum_to_one_and_do_not_shift(generator):
    length = torch.tensor([4.0, 20.0, 60.0])
    paths = random_trajectories(length, torch.full((3,), 0.005), length, generator(1))
    kernels = blur_kernels(paths, np.array([0.5, 1, 1]))
    side = kernels.shape[1]
    assert kernels.shape == (3, side, side)
    assert side % 2 == 1
    assert kernels.min() >= 0
    np.testing.assert_allclose(kernels.sum((1, 2)), 1, rtol=1e-5)
    offset = np.arange(side) - side // 2
    for axis in (1, 2):
        np.testing.assert_allclose((kernels.sum(3 - axis) * offset).sum(1), 0, atol=1e-4)
    # The spread of a straight way of length L is L^2 / 12; a bent one has less.
    spread = (kernels * (offset[:, None] ** 2 + offset**2)).sum((1, 2))
    assert (spread <= (np.array([2, 20, 60]) ** 2) / 12 + 0.5).all()  # and interpolation adds up to 0.5
    assert spread[0] < spread[1] < spread[2]


def test_a_straight_way_is_an_even_line():
    kernel = blur_kernels(np.linspace(0, 8, 9000)[None] * 1j, np.ones(1))[0]
    middle = len(kernel) // 2
    np.testing.assert_allclose(kernel[middle, middle - 3 : middle + 4], 1 / 8, rtol=0.01)
    np.testing.assert_allclose(kernel[middle].sum(), 1, rtol=1e-5)


def test_a_closed_shutter_is_a_point():
    kernel = blur_kernels(np.linspace(0, 60, STEPS)[None] + 0j, np.array([1e-9]))
    assert kernel.shape == (1, 3, 3)
    assert kernel[0, 1, 1] == 1
