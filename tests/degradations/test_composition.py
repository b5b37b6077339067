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
    NightHaze,
    OneOf,
    Part,
    Rain,
    TrajectoryBlur,
)
from restora.training.described_degradation import describe

NESTED = Compose(
    (
        OneOf((Haze.preset("indoor"), Rain.preset("light"), Identity()), weights=(2, 1, 1)),
        OneOf((Compose((TrajectoryBlur.preset("light"), GaussianNoise())), JpegCompression())),
    )
)


@pytest.mark.parametrize("degradation", [NESTED, Part(NESTED), Part(Haze.preset("indoor"), (1, 2.5))])
def test_contract(degradation):
    check_degradation(degradation)


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


def test_a_part_of_a_scene_no_larger_than_the_image_is_the_degradation_itself(generator):
    clean, outdoor = torch.rand(1, 3, 24, 32), Haze.preset("outdoor")
    part = Part(outdoor, (1, 1)).sample(clean, generator(0))
    random = generator(0)
    torch.rand(1, generator=random)  # the extent
    torch.randint(1, (2,), generator=random)  # where the image lies
    whole = outdoor.sample(clean, random)
    torch.testing.assert_close(part.degraded, whole.degraded)
    torch.testing.assert_close(part.parameters["of.depth"], whole.parameters["depth"])


@pytest.mark.parametrize("extent", [1.3, 2, 5.7])
def test_a_scene_goes_on_beyond_the_image_and_the_image_stays(extent, generator):
    clean = torch.rand(3, 3, 20, 28)
    assert torch.equal(Part(Identity(), (extent, extent))(clean, generator(0)), clean)
    # a long blur takes from beyond the border, where the mirror image is: what is even stays even
    stroke = TrajectoryBlur(length=(15, 15))
    torch.testing.assert_close(
        Part(stroke, (extent, extent))(torch.full_like(clean, 0.5), generator(0)), torch.full_like(clean, 0.5)
    )


def test_depth_of_a_part_does_not_lie_between_the_edges(generator):
    clean, hazy = torch.zeros(40, 3, 32, 32), Haze.preset("outdoor")
    whole = hazy.sample(clean, generator(0)).parameters["depth"]
    sample = Part(hazy, (4, 4)).sample(clean, generator(0))
    part = sample.parameters["of.depth"]
    assert part.shape == whole.shape
    assert sample.parameters["extent"].shape == (40,)
    rise = [float((depth[:, :, 0] - depth[:, :, -1]).mean()) for depth in (whole, part)]
    assert 0 < rise[1] < 0.6 * rise[0]
    tops = [float(depth[:, :, 0].std()) for depth in (whole, part)]
    assert tops[1] > tops[0]  # the upper edge of a part may be near


def test_recipes_say_what_is_a_part():
    assert describe({"kind": "part", "of": "haze/night", "extent": [1, 3]}) == Part(NightHaze(), (1, 3))
    with pytest.raises(ValueError, match="part needs of"):
        describe({"kind": "part"})
    with pytest.raises(ValueError, match="extent must be two numbers with 1 <= low <= high <= 16"):
        describe({"kind": "part", "of": "haze/night", "extent": [0.5, 3]})
