import pytest
import torch

from restora.degradations import TrajectoryBlur
from restora.degradations.trajectory_blur import ANXIETY


def test_a_point_of_light_draws_the_kernel(generator):
    clean = torch.zeros(2, 3, 65, 65)
    clean[..., 32, 32] = 1
    sample = TrajectoryBlur(length=(10, 20)).sample(clean, generator(0))
    kernel = sample.parameters["kernel"]
    light = sample.degraded**2.2
    torch.testing.assert_close(light.sum((2, 3)), torch.ones(2, 3), atol=1e-3, rtol=0)
    half = kernel.shape[-1] // 2
    seen = light[:, :, 32 - half : 33 + half, 32 - half : 33 + half]
    torch.testing.assert_close(seen, kernel.expand(-1, 3, -1, -1), atol=1e-5, rtol=0)


def test_constants_and_gray_stay_and_variance_falls_with_length(generator):
    constant = torch.full((1, 3, 40, 40), 0.6)
    torch.testing.assert_close(
        TrajectoryBlur.preset("heavy")(constant, generator(0)), constant, atol=1e-5, rtol=0
    )
    gray = torch.rand(1, 1, 40, 40).expand(-1, 3, -1, -1)
    blurred = TrajectoryBlur.preset("heavy")(gray, generator(0))
    assert torch.equal(blurred[:, 0], blurred[:, 2])
    noise = torch.rand(8, 3, 64, 64)
    light, heavy = (
        blur(noise, generator(0)).var()
        for blur in (TrajectoryBlur.preset("light"), TrajectoryBlur.preset("heavy"))
    )
    assert heavy < light < noise.var() / 2


def test_parameters_are_in_range(generator):
    sample = TrajectoryBlur(length=(10, 30), exposures=(0.1, 0.5)).sample(
        torch.rand(40, 3, 8, 8), generator(0)
    )
    length = sample.parameters["length"]
    assert 10 <= length.min() < 13
    assert 27 < length.max() <= 30
    assert sample.parameters["exposure"].unique().tolist() == pytest.approx([0.1, 0.5])
    assert set(sample.parameters["anxiety"].tolist()) <= set(torch.tensor(ANXIETY).tolist())


@pytest.mark.parametrize(
    "changes",
    [{"length": (-1, 3)}, {"exposures": ()}, {"exposures": (0.5, 2)}, {"anxiety": ()}, {"gamma": 0}],
)
def test_impossible_ranges_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        TrajectoryBlur(**changes)
