import pytest
import torch

from restora.degradations import NightHaze
from restora.degradations.night_haze import lamp_colours


def test_light_decays_and_haze_thickens_with_depth(generator):
    clean = torch.rand(8, 3, 32, 32)
    sample = NightHaze().sample(clean, generator(0))
    parameters = sample.parameters
    light, depth, falloff = parameters["light"], parameters["depth"], parameters["falloff"]
    torch.testing.assert_close(1 - light.amin((1, 2, 3)), falloff)
    assert light.max() <= 1
    assert depth.min() >= 0.1 - 1e-6
    # Without light there is no haze, and a white scene shows the light alone, in the colour of the lamp.
    lamp = parameters["colour"].view(-1, 3, 1, 1) * light
    torch.testing.assert_close(NightHaze()(torch.ones_like(clean), generator(0)), lamp)
    # A black scene shows the veil; relative to the light it is thicker behind.
    veil = (NightHaze()(torch.zeros_like(clean), generator(0))[:, :1] / light).flatten(1)
    order = depth.flatten(1).argsort(1)
    assert (veil.gather(1, order).diff(dim=1) >= -1e-5).all()
    assert veil.amax() <= 0.6
    torch.testing.assert_close(veil.amin(1), torch.zeros(8), atol=1e-5, rtol=0)


def test_lamps_are_warm_with_the_published_statistics(generator):
    colours = lamp_colours(torch.zeros(20_000, 1), generator(0))
    red, green, blue = colours.unbind(1)
    assert (red == 1).all()
    assert 0.27 < green.min() < 0.3
    assert float((green > 0.975).float().mean()) == pytest.approx(0.2464 / 1.0, abs=0.01)
    assert blue.mean() < green.mean() < 1
    assert blue.min() >= 0


@pytest.mark.parametrize("changes", [{"beta": (0, 2)}, {"falloff": (0.9, 0.5)}, {"nearest": (0, 0.3)}])
def test_impossible_ranges_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        NightHaze(**changes)
