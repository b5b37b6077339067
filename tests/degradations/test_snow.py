import pytest
import torch

from restora.degradations import FlakeLayer, Snow


def test_it_is_the_published_composition(generator):
    clean = torch.rand(4, 3, 40, 40)
    sample = Snow.preset("veiled").sample(clean, generator(0))
    p = {
        name: values if values.ndim == 4 else values.view(4, -1, 1, 1)
        for name, values in sample.parameters.items()
    }
    snowy = clean * (1 - p["flakes"]) + p["colour"] * p["flakes"]
    t = torch.exp(-p["beta"] * p["depth"])
    torch.testing.assert_close(sample.degraded, snowy * t + p["airlight"] * (1 - t))
    assert 0 <= p["flakes"].min() < p["flakes"].max() <= 1
    assert p["beta"].min() >= 0.3
    assert p["beta"].max() <= 1
    assert p["colour"].min() > 0.85


def test_coverage_is_about_what_was_asked_for(generator):
    layer = FlakeLayer(radius=(2, 3), coverage=(0.05, 0.05), opacity=(1, 1))
    cover = Snow(layers=(layer,)).sample(torch.zeros(8, 3, 96, 96), generator(0)).parameters["flakes"]
    assert float(cover.mean()) == pytest.approx(0.05, rel=0.2)


def test_larger_presets_have_coarser_flakes(generator):
    black = torch.zeros(4, 3, 96, 96)

    def correlation(snow):
        flakes = snow.sample(black, generator(0)).parameters["flakes"]
        flakes = flakes - flakes.mean()
        return float((flakes[..., 3:] * flakes[..., :-3]).mean() / flakes.square().mean())

    assert (
        correlation(Snow.preset("small"))
        < correlation(Snow.preset("medium"))
        < correlation(Snow.preset("large"))
    )


def test_gray_stays_gray_and_colour_is_tinted(generator):
    gray = Snow.preset("large")(torch.rand(1, 1, 64, 64).expand(-1, 3, -1, -1), generator(0))
    assert torch.equal(gray[:, 0], gray[:, 2])
    colour = Snow.preset("large").sample(torch.rand(1, 3, 64, 64), generator(0)).parameters["colour"]
    assert colour.std() > 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers": ()}, "layers"),
        ({"angle": (-100, 0)}, "angle"),
        ({"tint": -1}, "tint"),
    ],
)
def test_impossible_snow_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        Snow(**changes)


@pytest.mark.parametrize("changes", [{"radius": (0, 1)}, {"coverage": (0, 2)}])
def test_impossible_layers_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        FlakeLayer(**{"radius": (1, 2), "coverage": (0, 0.1), **changes})
