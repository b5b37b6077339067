import pytest
import torch
from contracts import check_degradation

from restora.degradations import (
    CameraNoise,
    Coarse,
    Compose,
    GaussianNoise,
    JpegCompression,
    Sharpening,
    Uneven,
)
from restora.degradations.shaping import gaussian_blur
from restora.training.described_degradation import describe

NESTED = Compose((Uneven(Coarse(CameraNoise.preset("strong"))), Sharpening(), JpegCompression((60, 90))))


@pytest.mark.parametrize("degradation", [NESTED, Coarse(GaussianNoise()), Uneven(GaussianNoise())])
def test_contract(degradation):
    check_degradation(degradation)


def test_grain_grows_with_the_factor_and_strength_stays(generator):
    flat = torch.full((1, 3, 96, 96), 0.5)
    likeness = {}
    for factor in (1, 2, 4):
        noise = Coarse(GaussianNoise((25, 25)), (factor, factor))(flat, generator(3)) - flat
        likeness[factor] = float((noise[..., 1:] * noise[..., :-1]).mean() / noise.square().mean())
        assert 0.5 * 25 / 255 < noise.std() < 1.1 * 25 / 255
    assert abs(likeness[1]) < 0.1 < likeness[2] < likeness[4]


def test_a_factor_of_one_is_the_degradation_itself(generator):
    clean = torch.rand(2, 3, 24, 20)
    sample = Coarse(GaussianNoise((25, 25)), (1, 1)).sample(clean, generator(0))
    assert (sample.degraded - clean).std() == pytest.approx(25 / 255, rel=0.1)
    assert sample.parameters["of.sigma"].tolist() == [25, 25]


def test_details_of_the_clean_image_stay(generator):
    clean = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(Coarse(GaussianNoise((0, 0)), (3, 3))(clean, generator(0)), clean)


def test_uneven_leaves_least_where_there_is_least(generator):
    clean = torch.rand(2, 3, 48, 48)
    sample = Uneven(GaussianNoise((50, 50)), least=(0, 0)).sample(clean, generator(0))
    calmest = sample.parameters["share"] == 0
    assert calmest.any()
    assert torch.equal(sample.degraded[calmest.expand_as(clean)], clean[calmest.expand_as(clean)])


def test_blur_has_the_deviation_of_each_image():
    point = torch.zeros(2, 1, 33, 33)
    point[..., 16, 16] = 1
    blurred = gaussian_blur(point, torch.tensor([1.0, 2.0]), 2.0)
    distance = (torch.arange(33) - 16.0) ** 2
    spread = (blurred.sum(2)[:, 0] * distance).sum(1).sqrt()
    torch.testing.assert_close(spread, torch.tensor([1.0, 2.0]), rtol=0.05, atol=0)


def test_recipes_say_what_is_coarse():
    noise = describe({"kind": "coarse", "factor": [1, 2], "of": {"kind": "uneven", "of": "noise/25"}})
    assert noise == Coarse(Uneven(GaussianNoise((25, 25))), (1, 2))
    with pytest.raises(ValueError, match="unknown kind nose"):
        describe({"kind": "coarse", "of": {"kind": "nose"}})
