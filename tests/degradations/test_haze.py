import pytest
import torch

from restora.degradations import Haze


@pytest.mark.parametrize("haze", [Haze.preset("indoor"), Haze.preset("outdoor")])
def test_it_is_the_scattering_model_with_parameters_in_range(haze, generator):
    clean = torch.rand(32, 3, 24, 24)
    sample = haze.sample(clean, generator(1))
    beta, airlight, depth = (sample.parameters[name] for name in ("beta", "airlight", "depth"))
    t = torch.exp(-beta.view(-1, 1, 1, 1) * depth)
    torch.testing.assert_close(sample.degraded, clean * t + airlight.view(-1, 1, 1, 1) * (1 - t))
    for values, (low, high) in ((beta, haze.beta), (airlight, haze.airlight)):
        assert low <= values.min() < low + 0.2 * (high - low)
        assert high - 0.2 * (high - low) < values.max() <= high
    nearest, farthest = depth.amin((1, 2, 3)), depth.amax((1, 2, 3))
    assert haze.near[0] <= nearest.min()
    assert nearest.max() <= haze.near[1] + 1e-5
    assert haze.far[0] <= farthest.min() + 1e-5
    assert farthest.max() <= haze.far[1] + 1e-5


def test_the_veil_grows_with_depth(generator):
    sample = Haze.preset("outdoor").sample(torch.zeros(4, 3, 32, 32), generator(2))
    for veil, depth in zip(sample.degraded[:, 0], sample.parameters["depth"][:, 0], strict=True):
        order = depth.flatten().argsort()
        assert (veil.flatten()[order].diff() >= -1e-6).all()


def test_gray_stays_gray_and_the_airlight_stays_as_it_is(generator):
    gray = torch.rand(2, 1, 16, 16).expand(-1, 3, -1, -1)
    hazy = Haze.preset("indoor")(gray, generator(0))
    assert torch.equal(hazy[:, 0], hazy[:, 1])
    white = Haze(beta=(1, 1), airlight=(1, 1), near=(0, 0), far=(1, 1))(torch.ones(1, 3, 8, 8), generator(0))
    torch.testing.assert_close(white, torch.ones(1, 3, 8, 8))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"beta": (2, 1)}, "beta must be"),
        ({"beta": (0, 1)}, "beta must be two numbers with 0 <"),
        ({"airlight": (0.5, 1.2)}, "<= 1"),
        ({"near": (0, 2)}, "near must end"),
    ],
)
def test_impossible_ranges_are_refused(changes, words):
    sound = {"beta": (0.6, 1.8), "airlight": (0.7, 1.0), "near": (0.1, 0.4), "far": (0.6, 1.0)}
    with pytest.raises(ValueError, match=words):
        Haze(**{**sound, **changes})


def test_a_tinted_landscape(generator):
    ranges = {"beta": (0.6, 1.8), "airlight": (0.7, 0.9), "near": (0.1, 0.4), "far": (0.6, 1.0)}
    haze = Haze(**ranges, tint=0.05, scene="landscape")
    clean = torch.rand(16, 3, 24, 24)
    clean[0] = clean[0, :1]
    sample = haze.sample(clean, generator(0))
    airlight = sample.parameters["airlight"]
    t = torch.exp(-sample.parameters["beta"].view(-1, 1, 1, 1) * sample.parameters["depth"])
    torch.testing.assert_close(sample.degraded, clean * t + airlight[..., None, None] * (1 - t))
    assert 0.03 < airlight[1:].std(1).mean() < 0.07
    assert torch.equal(sample.degraded[0, 0], sample.degraded[0, 2])  # gray stays gray
