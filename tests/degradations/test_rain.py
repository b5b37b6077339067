from dataclasses import replace

import pytest
import torch

from restora.degradations import Rain


@pytest.mark.parametrize("blend", ["additive", "screen"])
def test_it_is_the_published_sum(blend, generator):
    clean = torch.rand(4, 3, 48, 48)
    sample = replace(Rain.preset("heavy"), blend=blend).sample(clean, generator(0))
    parameters = sample.parameters
    rain, veil, air = parameters["streaks"], parameters["veil"], parameters["airlight"]
    wet = clean + rain if blend == "additive" else 1 - (1 - clean) * (1 - rain)
    share = veil.view(-1, 1, 1, 1)
    expected = (wet * (1 - share) + air.view(-1, 1, 1, 1) * share).clamp(0, 1)
    torch.testing.assert_close(sample.degraded, expected)
    assert 0 <= rain.min() < rain.max() <= 1


def test_rain_only_brightens_and_white_and_gray_stay(generator):
    clean = torch.rand(2, 3, 40, 40)
    assert (Rain.preset("light")(clean, generator(0)) >= clean).all()
    assert torch.equal(Rain.preset("light")(torch.ones(1, 3, 9, 9), generator(0)), torch.ones(1, 3, 9, 9))
    gray = Rain.preset("heavy")(clean[:, :1].expand(-1, 3, -1, -1), generator(0))
    assert torch.equal(gray[:, 0], gray[:, 2])


def test_heavy_rain_covers_more_than_light(generator):
    black = torch.zeros(8, 3, 96, 96)
    light, heavy = (
        rain(black, generator(0))
        for rain in (Rain.preset("light"), replace(Rain.preset("heavy"), veil=(0, 0)))
    )
    assert 0.005 < light.mean() < 0.06
    assert heavy.mean() > 4 * light.mean()


def test_streaks_run_along_the_drawn_angle(generator):
    upright = replace(Rain.preset("light"), angle=(0, 0), opacity=(0.8, 0.8))(
        torch.zeros(2, 3, 96, 96), generator(0)
    )
    assert upright.diff(dim=-2).abs().mean() < 0.4 * upright.diff(dim=-1).abs().mean()
    slanted = replace(Rain.preset("light"), angle=(45, 45), opacity=(0.8, 0.8))(
        torch.zeros(2, 3, 96, 96), generator(0)
    )
    with_ = (slanted[..., 1:, :-1] - slanted[..., :-1, 1:]).abs().mean()
    against = (slanted[..., 1:, 1:] - slanted[..., :-1, :-1]).abs().mean()
    assert with_ < 0.6 * against


def test_parameters_are_in_range(generator):
    rain = Rain.preset("heavy")
    parameters = rain.sample(torch.zeros(64, 3, 4, 4), generator(0)).parameters
    for name in ("length", "width", "density", "opacity", "veil", "airlight"):
        low, high = getattr(rain, name)
        values = parameters[name]
        assert low <= values.min() < low + 0.2 * (high - low)
        assert high - 0.2 * (high - low) < values.max() <= high
    assert parameters["angle"].shape == (64, 5)
    assert (parameters["angle"].amax(1) - parameters["angle"].amin(1)).max() <= 2 * rain.spread
    assert parameters["angle"].abs().max() <= 50


@pytest.mark.parametrize(
    "changes",
    [
        {"directions": 0},
        {"scales": ()},
        {"blend": "multiply"},
        {"angle": (-100, 0)},
        {"length": (0, 5)},
        {"opacity": (0, 2)},
        {"spread": -1},
    ],
)
def test_impossible_rain_is_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        Rain(**changes)
