import pytest
import torch
from contracts import check_degradation

from restora.degradations import (
    Compose,
    DualPixelDefocus,
    GaussianNoise,
    Haze,
    Identity,
    JpegCompression,
    OneOf,
    Rain,
    TrajectoryBlur,
)

NESTED = Compose(
    (
        OneOf((Haze.preset("indoor"), Rain.preset("light"), Identity()), weights=(2, 1, 1)),
        OneOf((Compose((TrajectoryBlur.preset("light"), GaussianNoise())), JpegCompression())),
    )
)


def test_contract():
    check_degradation(NESTED)


def test_compose_is_its_steps_one_after_the_other(generator):
    clean = torch.rand(2, 3, 32, 32)
    first, second = Haze.preset("outdoor"), GaussianNoise((30, 30))
    random = generator(0)
    one = first.sample(clean, random)
    two = second.sample(one.degraded, random)
    sample = Compose((first, second)).sample(clean, generator(0))
    torch.testing.assert_close(sample.degraded, two.degraded)
    assert torch.equal(sample.parameters["0.beta"], one.parameters["beta"])
    assert torch.equal(sample.parameters["1.sigma"], two.parameters["sigma"])
    assert sample.degraded.max() > 1  # what the last one adds is not clipped


def test_steps_get_images_in_range(generator):
    seen = []

    class Watch(Identity):
        def sample(self, clean, generator):
            seen.append(clean)
            return super().sample(clean, generator)

    Compose((GaussianNoise((50, 50)), Watch()))(torch.ones(1, 3, 8, 8), generator(0))
    assert seen[0].max() == 1


def test_one_of_gives_each_image_one_part_as_often_as_weighted(generator):
    choice = OneOf((GaussianNoise((50, 50)), Identity()), weights=(3, 1))
    clean = torch.rand(400, 3, 4, 4)
    sample = choice.sample(clean, generator(0))
    noisy = sample.parameters["choice"] == 0
    assert float(noisy.float().mean()) == pytest.approx(0.75, abs=0.06)
    changed = (sample.degraded != clean).flatten(1).any(1)
    assert torch.equal(changed, noisy)
    sigma = sample.parameters["0.sigma"]
    assert (sigma[noisy] == 50).all()
    assert sigma[~noisy].isnan().all()


def test_a_weight_of_zero_is_never_chosen(generator):
    clean = torch.rand(20, 3, 4, 4)
    choice = OneOf((GaussianNoise(), Identity()), weights=(0, 1))
    assert torch.equal(choice(clean, generator(0)), clean)


def test_nested_names(generator):
    names = set(NESTED.sample(torch.rand(40, 3, 8, 8), generator(0)).parameters)
    assert {
        "0.choice",
        "0.0.beta",
        "0.1.angle",
        "1.choice",
        "1.0.0.length",
        "1.0.1.sigma",
        "1.1.quality",
    } <= names


def test_nonsense_is_refused(generator):
    with pytest.raises(ValueError, match="steps must be one or more"):
        Compose(())
    with pytest.raises(ValueError, match="parts must be one or more"):
        OneOf(())
    for weights in ((1, 2), (-1,), (0,)):
        with pytest.raises(ValueError, match="weights"):
            OneOf((Identity(),), weights=weights)
    with pytest.raises(ValueError, match="last step"):
        Compose((DualPixelDefocus(), Identity()))(torch.rand(1, 3, 8, 8), generator(0))
    with pytest.raises(ValueError, match="same number of channels"):
        OneOf((DualPixelDefocus(), Identity()))(torch.rand(30, 3, 8, 8), generator(0))


def test_one_of_several_with_two_views_has_two_views(generator):
    views = OneOf((DualPixelDefocus(), DualPixelDefocus(shape="disc")))(torch.rand(2, 3, 8, 8), generator(0))
    assert views.shape == (2, 6, 8, 8)
