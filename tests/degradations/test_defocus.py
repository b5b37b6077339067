import pytest
import torch

from restora.degradations import Defocus


def test_a_lamp_becomes_a_disc_of_its_radius(generator):
    clean = torch.zeros(4, 3, 33, 33)
    clean[..., 16, 16] = 1
    sample = Defocus(radius=(4, 8)).sample(clean, generator(0))
    light = sample.degraded**2.2
    torch.testing.assert_close(light.sum((2, 3)), torch.ones(4, 3), atol=1e-3, rtol=0)
    area = 1 / light[:, 0, 16, 16]
    torch.testing.assert_close(area, torch.pi * sample.parameters["radius"] ** 2, rtol=0.03, atol=0)


def test_constants_and_gray_stay_and_detail_goes(generator):
    constant = torch.full((1, 3, 20, 20), 0.4)
    torch.testing.assert_close(Defocus()(constant, generator(0)), constant, atol=1e-5, rtol=0)
    gray = torch.rand(1, 1, 20, 20).expand(-1, 3, -1, -1)
    assert torch.equal(*Defocus()(gray, generator(0))[:, :2].unbind(1))
    noise = torch.rand(1, 3, 64, 64)
    spreads = [float(Defocus((r, r))(noise, generator(0)).std()) for r in (0, 1, 3, 6)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[3] < spreads[0] / 5
    torch.testing.assert_close(Defocus((0, 0))(noise, generator(0)), noise, atol=2e-3, rtol=0)


def test_butterworth_parameters_are_the_published_ones(generator):
    parameters = Defocus(shape="butterworth").sample(torch.rand(60, 3, 6, 6), generator(0)).parameters
    assert parameters["order"].unique().tolist() == [3, 6, 9]
    assert parameters["cutoff"].unique().tolist() == [2, 2.5]
    assert parameters["floor"].unique().tolist() == pytest.approx([0.1, 0.2])
    assert 1 <= parameters["radius"].min() < 2
    assert 7 < parameters["radius"].max() <= 8


@pytest.mark.parametrize("changes", [{"radius": (-1, 3)}, {"shape": "square"}, {"gamma": 0}])
def test_impossible_lenses_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        Defocus(**changes)
