import pytest
import torch

from restora.degradations import GaussianNoise, SpeckleNoise


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_fixed_sigma_has_that_deviation_and_is_not_clipped() -> None:
    noise = GaussianNoise(sigma=(50, 50))
    clean = torch.zeros(2, 3, 128, 128)
    sample = noise.sample(clean, generator(0))
    assert sample.parameters["sigma"].tolist() == [50, 50]
    assert float(sample.degraded.std() * 255) == pytest.approx(50, rel=0.01)
    assert float(sample.degraded.min()) < 0


def test_blind_noise_draws_a_sigma_for_every_image() -> None:
    sample = GaussianNoise(sigma=(0, 50)).sample(torch.zeros(64, 3, 64, 64), generator(1))
    sigma = sample.parameters["sigma"]
    assert sigma.shape == (64,)
    assert 0 <= sigma.min() < 10
    assert 40 < sigma.max() <= 50
    torch.testing.assert_close(sample.degraded.std((1, 2, 3)) * 255, sigma, rtol=0.05, atol=0.01)


def test_gray_images_have_one_noise_and_colour_images_three() -> None:
    clean = torch.rand(2, 3, 64, 64)
    clean[1] = clean[1, 0]
    noise = GaussianNoise(sigma=(20, 20))(clean, generator(0)) - clean
    assert torch.allclose(noise[1, 0], noise[1, 2], atol=1e-6)
    assert abs(float(torch.corrcoef(noise[0].flatten(1))[0, 1])) < 0.1
    assert float(noise[1].std() * 255) == pytest.approx(20, rel=0.03)


def test_the_seed_decides() -> None:
    noise, clean = GaussianNoise(), torch.rand(2, 3, 8, 8)
    assert torch.equal(noise(clean, generator(3)), noise(clean, generator(3)))
    assert not torch.equal(noise(clean, generator(3)), noise(clean, generator(4)))


@pytest.mark.parametrize("sigma", [(-1, 5), (10, 5)])
def test_impossible_ranges_are_refused(sigma: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="low <= high"):
        GaussianNoise(sigma=sigma)


def test_noise_may_be_the_same_in_all_channels() -> None:
    clean = torch.rand(200, 3, 8, 8)
    noise = GaussianNoise((25, 25), alike=0.25)(clean, generator(0)) - clean
    same = (noise - noise[:, :1]).abs().amax((1, 2, 3)) < 1e-6
    assert 0.15 < same.float().mean() < 0.35
    assert noise[same].std() == pytest.approx(25 / 255, rel=0.1)


def test_speckle_grows_with_the_brightness_of_each_channel() -> None:
    clean = torch.full((2, 3, 128, 128), 0.2)
    clean[:, 1] = 0.6
    sample = SpeckleNoise((0.1, 0.1)).sample(clean, generator(0))
    assert sample.parameters["deviation"].tolist() == pytest.approx([0.1, 0.1])
    deviations = (sample.degraded - clean).std((0, 2, 3))
    torch.testing.assert_close(deviations, torch.tensor([0.02, 0.06, 0.02]), rtol=0.05, atol=0)


def test_speckle_that_is_alike_leaves_colours() -> None:
    clean = torch.rand(200, 3, 8, 8) + 0.1
    factor = SpeckleNoise((0.1, 0.1), alike=0.25)(clean, generator(0)) / clean
    same = (factor - factor[:, :1]).abs().amax((1, 2, 3)) < 1e-5
    assert 0.15 < same.float().mean() < 0.35
