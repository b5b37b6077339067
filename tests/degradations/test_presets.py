import pytest
import torch

from restora.degradations import FAMILIES, PRESETS, GaussianNoise, JpegCompression, find_preset, preset_names
from restora.errors import RestoraError


def test_every_preset_is_found_and_works_on_a_tiny_image(generator):
    assert len({(preset.family, preset.name) for preset in PRESETS}) == len(PRESETS)
    for preset in PRESETS:
        degradation = find_preset(preset.family, preset.name)
        assert degradation is preset.degradation
        assert degradation(torch.rand(1, 3, 7, 5), generator(0)).shape == (1, 3, 7, 5)


def test_families_come_in_the_order_of_light():
    assert FAMILIES == ("haze", "snow", "rain", "defocus", "motion", "sensor", "noise", "jpeg")
    assert preset_names("rain") == ("light", "heavy")


def test_numbers():
    assert find_preset("noise", "7.5") == GaussianNoise((7.5, 7.5))
    assert find_preset("jpeg", "42") == JpegCompression((42, 42))


@pytest.mark.parametrize(
    ("family", "name", "words"),
    [
        ("rain", "havy", "rain havy: unknown; give one of light, heavy"),
        ("noise", "much", "or a deviation"),
        ("noise", "-1", "or a deviation"),
        ("noise", "nan", "or a deviation"),
        ("jpeg", "0", "or a quality from 1 to 100"),
        ("jpeg", "30.5", "or a quality"),
    ],
)
def test_unknown_names_are_explained(family, name, words):
    with pytest.raises(RestoraError, match=words):
        find_preset(family, name)
