import pytest
import torch

from restora.degradations.particles import flakes, scattered, streaks


def column(*values):
    return torch.tensor([values])


def moments(kernel):
    """Mean position and covariance of the light of a kernel, rows first."""
    steps = torch.arange(len(kernel), dtype=torch.float32) - len(kernel) // 2
    light = kernel / kernel.sum()
    down, right = light.sum(1), light.sum(0)
    cross = (light * steps.view(-1, 1) * steps).sum()
    return (
        (down * steps).sum(),
        (right * steps).sum(),
        (down * steps**2).sum(),
        (right * steps**2).sum(),
        cross,
    )


def test_streaks_point_where_the_angle_says_and_have_their_width():
    kernels = streaks(column(30.0, 30.0, 30.0), column(2.0, 2.0, 2.0), column(0.0, 30.0, -30.0), size=16)[0]
    assert kernels.amax((1, 2)).tolist() == pytest.approx([1, 1, 1])
    upright, left, right = (moments(kernel) for kernel in kernels)
    assert upright[2] > 20 * upright[3]
    assert left[4] < -5  # lower (positive rows) is left (negative columns)
    assert right[4] == pytest.approx(-float(left[4]), rel=1e-3)
    assert float(kernels[0, 16, 15]) == pytest.approx(0.5, abs=1e-5)  # half the maximum at half the width
    assert float(kernels[0, 0, 16]) == 0  # faded out at its end
    assert all(abs(float(part)) < 1e-3 for part in upright[:2])


def test_flakes_have_their_radius_and_are_drawn_out_by_motion():
    none, centred = torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2)
    still, moving = flakes(
        column(5.0, 5.0), column(0.4, 0.4), column(0.0, 8.0), column(0.0, 90.0), none, centred, size=12
    )[0]
    assert float(still.sum()) == pytest.approx(torch.pi * 25, rel=0.05)
    assert float(moving.sum()) == pytest.approx(torch.pi * 25 + 80, rel=0.05)
    spread = moments(moving)
    assert spread[3] > 2 * spread[2]  # at 90 degrees it moves across
    assert still.min() >= 0
    assert still.max() == 1
    uneven = flakes(
        column(5.0),
        column(0.4),
        column(0.0),
        column(0.0),
        torch.full((1, 1, 2, 2), 0.1),
        centred[:, :1],
        size=12,
    )
    assert not torch.allclose(uneven[0, 0], uneven[0, 0].flip(0))


def test_fine_flakes_are_soft_and_lie_between_pixels():
    """Hard flakes of a pixel or two on a grid look like confetti."""
    place = torch.tensor([[[0.0, 0.0], [0.4, -0.3]]])
    centred, moved = flakes(
        column(0.6, 0.6), column(0.6, 0.6), column(0, 0), column(0, 0), torch.zeros(1, 2, 2, 2), place, size=3
    )[0]
    assert 0.05 < float(centred[3, 4]) < 0.95
    down, right, *_ = moments(moved)
    assert float(down) == pytest.approx(0.4, abs=0.15)
    assert float(right) == pytest.approx(-0.3, abs=0.15)


def test_coverage_follows_density_and_the_border_is_like_the_rest(generator):
    kernels = torch.ones(2, 2, 3, 3)
    kernels[:, 1] = 0
    kernels[:, 1, 1, 1] = 1
    density = torch.tensor([[1e-3, 4e-3]]).expand(2, -1)
    cover = scattered(kernels, density, (1, 1), torch.zeros(2, 3, 300, 300), generator(0))
    assert cover.shape == (2, 1, 300, 300)
    assert float(cover.mean()) == pytest.approx(9 * 1e-3 + 4e-3, rel=0.1)
    edge = torch.cat([cover[..., :3], cover[..., -3:]], -1).mean()
    assert 0.3 * cover.mean() < edge < 3 * cover.mean()


def test_opacity_is_in_its_range_and_mostly_low(generator):
    dots = scattered(
        torch.ones(1, 1, 1, 1), torch.full((1, 1), 0.5), (0.2, 0.8), torch.zeros(1, 3, 99, 99), generator(0)
    )
    drawn = dots[dots > 0.01]
    assert float(drawn.min()) == pytest.approx(0.2, abs=0.01)
    assert float(drawn.max()) == pytest.approx(0.8, abs=0.01)
    assert float(drawn.mean()) == pytest.approx(0.2 + 0.6 / 3, abs=0.01)
    full = scattered(torch.ones(1, 1, 5, 5), torch.ones(1, 1), (1, 1), torch.zeros(1, 3, 9, 9), generator(0))
    assert torch.equal(full, torch.ones(1, 1, 9, 9))
