import pytest
import torch

from restora.degradations import CameraNoise


def noise_of(value, degradation, generator, size=64, channels=3):
    clean = torch.as_tensor(value, dtype=torch.float32).view(1, -1, 1, 1).expand(4, 3, size, size).clone()
    sample = degradation.sample(clean, generator(0))
    return sample.degraded - clean, sample.parameters


def test_a_monochrome_camera_has_exactly_the_variance_of_the_model(generator):
    # Weak noise: the curve from the sensor to the file is a line, and its slope takes sensor noise to file noise.
    value = 0.5
    noise, parameters = noise_of(value, CameraNoise((1e-4, 1e-4)), generator, size=128)
    light = 0.5**2.2  # 0.5 is the fixed point of the tone curve
    gain = parameters["gains"][:, 1]
    variance = parameters["shot"] * light / gain + parameters["read"]
    slope = 1.5 * (1 / 2.2) * light ** (1 / 2.2 - 1) * gain  # of the tone curve at 0.5, of gamma, of the gain
    torch.testing.assert_close(noise[:, 0].std((1, 2)), slope * variance.sqrt(), rtol=0.03, atol=0)
    assert torch.equal(noise[:, 0], noise[:, 1])
    assert abs(float(noise.mean())) < 1e-3


def test_it_is_stronger_in_blue_and_red_than_in_green(generator):
    noise, _ = noise_of((0.40, 0.41, 0.40), CameraNoise((1e-3, 1e-3)), generator)
    red, green, blue = noise.std((0, 2, 3))
    assert red > 1.3 * green
    assert blue > 1.3 * green


def test_it_is_correlated_between_neighbours_and_vanishes_in_white(generator):
    noise, _ = noise_of((0.40, 0.41, 0.40), CameraNoise.preset("strong"), generator)
    red = noise[0, 0]
    assert torch.corrcoef(torch.stack([red[:, 1:].flatten(), red[:, :-1].flatten()]))[0, 1] > 0.2
    assert noise_of(1.0, CameraNoise.preset("strong"), generator)[0].abs().max() < 1e-3
    assert noise_of((1.0, 1.0, 0.999), CameraNoise.preset("strong"), generator)[0].std() < 0.05


def test_without_noise_nothing_changes(generator):
    clean = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(CameraNoise((1e-12, 1e-12))(clean, generator(0)), clean, atol=2e-3, rtol=0)


def test_parameters_follow_the_published_law(generator):
    parameters = CameraNoise().sample(torch.rand(2000, 3, 4, 4), generator(0)).parameters
    shot, read = parameters["shot"].log(), parameters["read"].log()
    assert float(parameters["shot"].min()) == pytest.approx(1e-4, rel=0.02)
    assert float(parameters["shot"].max()) == pytest.approx(0.012, rel=0.02)
    rest = read - 2.18 * shot - 1.20
    assert float(rest.mean()) == pytest.approx(0, abs=0.02)
    assert float(rest.std()) == pytest.approx(0.26, abs=0.02)


@pytest.mark.parametrize("shot", [(0, 0.1), (0.1, 0.01)])
def test_impossible_ranges_are_refused(shot):
    with pytest.raises(ValueError, match="shot must be"):
        CameraNoise(shot)
