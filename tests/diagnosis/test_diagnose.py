"""The network that ships, on a generated picture with every damage, and on pictures of every kind."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from PIL import Image
from torch import Generator

import restora
from restora.degradations import find_preset
from restora.diagnosis import DAMAGES, diagnose, diagnosis_card
from restora.images import Photograph, write
from restora.tensors import quantize, to_pixels, to_tensor

EXAMPLE = Path(__file__).parents[2] / "examples" / "colosseum-noisy.png"


def degraded(picture, *presets):
    values = to_tensor(picture)[None]
    for preset in presets:
        values = find_preset(preset)(values, Generator().manual_seed(4)).clamp(0, 1)
    return to_pixels(quantize(values[0]))


@pytest.mark.parametrize(
    ("preset", "damage"),
    [
        ("noise/25", "noise"),
        ("sensor/strong", "noise"),
        ("motion/heavy", "motion"),
        ("defocus/disc", "defocus"),
        ("rain/heavy", "rain"),
        ("snow/large", "snow"),
        ("haze/outdoor", "haze"),
        ("jpeg/10", "jpeg"),
    ],
)
def test_each_damage_is_the_surest_finding(scene, preset, damage):
    assert diagnose(degraded(scene, preset)).found[0] == damage


def test_a_clean_picture_is_clean(scene):
    assert diagnose(scene).found == ("clean",)


def test_the_example_is_noisy_and_nothing_else():
    diagnosis = diagnose(EXAMPLE)
    assert diagnosis.found == ("noise",)
    assert 18 < diagnosis.noise_level < 34
    assert not diagnosis.noise_is_coarse


def test_the_level_of_noise_rises_with_it_and_enlarged_noise_is_coarse(scene):
    levels = [diagnose(degraded(scene, f"noise/{sigma}")).noise_level for sigma in (8, 20, 45)]
    assert levels == pytest.approx([8, 20, 45], rel=0.4)
    enlarged = cv2.resize(degraded(scene, "noise/35"), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    diagnosis = diagnose(enlarged[:480, :640])
    assert diagnosis["noise"] > 0.5
    assert diagnosis.noise_is_coarse


def test_two_damages_are_found_at_once(scene):
    found = diagnose(degraded(scene, "motion/heavy", "noise/25")).found
    assert "noise" in found
    assert "jpeg" in diagnose(degraded(scene, "haze/indoor", "jpeg/10")).found


def test_every_kind_of_image_gives_the_same(scene, tmp_path):
    noisy = degraded(scene, "noise/25")[:200, :232]
    expected = diagnose(noisy)
    path = write(tmp_path / "a.png", Photograph(noisy))
    alpha = np.random.default_rng(0).integers(0, 255, (*noisy.shape[:2], 1), np.uint8)
    tensor = torch.from_numpy(noisy).permute(2, 0, 1)
    same = [
        path,
        str(path),
        Photograph(noisy),
        Image.fromarray(noisy),
        tensor,
        np.concatenate([noisy, alpha], 2),
        noisy.astype(np.uint16) * 257,
        np.concatenate([noisy, noisy[::-1]], 2),  # two views: the left one is looked at
    ]
    for image in same:
        assert diagnose(image).confidences == pytest.approx(expected.confidences, abs=1e-4)
    assert diagnose(noisy / np.float32(255)).confidences == pytest.approx(expected.confidences, abs=0.02)


def test_gray_is_gray_in_three_channels(scene):
    gray = np.ascontiguousarray(degraded(scene, "noise/25")[..., 1])
    assert diagnose(gray).confidences == pytest.approx(diagnose(np.repeat(gray[..., None], 3, 2)).confidences)


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (1, 400), (65, 64)])
def test_tiny_pictures_are_diagnosed(size):
    diagnosis = diagnose(np.full((*size, 3), 128, np.uint8))
    assert set(diagnosis.confidences) == set(DAMAGES)
    assert all(0 <= confidence <= 1 for confidence in diagnosis.confidences.values())


def test_a_picture_keeps_its_values(scene):
    before = scene.copy()
    diagnose(scene)
    assert_array_equal(scene, before)


def test_what_is_no_image_is_an_error():
    with pytest.raises(restora.RestoraError, match="does not exist"):
        diagnose("no-such-photograph.jpg")
    with pytest.raises(restora.RestoraError):
        diagnose(np.zeros((4, 4, 5)))


def test_the_card_tells_how_it_was_trained_and_the_weights_are_none_that_restore():
    card = diagnosis_card()
    assert card.parameters <= 300_000
    assert sum(int(line.split()[0]) for line in card.credits) > 600  # photographs
    assert card.name not in {shipped.name for shipped in restora.list_weights()}
