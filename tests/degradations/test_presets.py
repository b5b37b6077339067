import pytest
import torch

from restora.degradations import DEGRADATIONS, GaussianNoise, JpegCompression, all_presets, find_preset
from restora.errors import RestoraError


@pytest.mark.parametrize("name", all_presets())
def test_every_preset_is_found_and_works_on_a_tiny_image(name, generator):
    degradation = find_preset(name)
    assert degradation == all_presets()[name]
    assert degradation(torch.rand(1, 3, 7, 5), generator(0)).shape == (1, degradation.channels, 7, 5)


def test_presets_are_those_of_all_kinds_under_their_families():
    assert len(all_presets()) == sum(len(kind.presets) for kind in DEGRADATIONS.values())
    assert {"rain/light", "rain/heavy", "haze/night", "motion/frames"} <= all_presets().keys()


def test_numbers():
    assert find_preset("noise/7.5") == GaussianNoise((7.5, 7.5))
    assert find_preset("jpeg/42") == JpegCompression((42, 42))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rain/havy", "unknown preset rain/havy; give one of rain/light, rain/heavy"),
        ("rian/heavy", "did you mean rain/heavy"),
        ("rain", "unknown preset rain; there are: haze/indoor, "),
        ("noise/much", "or noise/ and a deviation"),
        ("noise/-1", "or noise/ and a deviation"),
        ("noise/nan", "or noise/ and a deviation"),
        ("noise/inf", "or noise/ and a deviation"),
        ("jpeg/0", "or jpeg/ and a quality from 1 to 100"),
        ("jpeg/30.5", "or jpeg/ and a quality"),
    ],
)
def test_unknown_names_are_explained(name, words):
    with pytest.raises(RestoraError, match=words):
        find_preset(name)
