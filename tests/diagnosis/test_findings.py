import math

import pytest

from restora.diagnosis import DAMAGES, Diagnosis
from restora.diagnosis.findings import Calibration


def diagnosis(noise_level=20.0, noise_coarseness=0.2, **confidences):
    return Diagnosis({name: confidences.get(name, 0.0) for name in DAMAGES}, noise_level, noise_coarseness)


def test_findings_are_ranked_and_clean_stands_alone():
    assert diagnosis(rain=0.6, noise=0.9, haze=0.49).found == ("noise", "rain")
    assert diagnosis(clean=0.7, haze=0.1).found == ("clean",)
    assert diagnosis(clean=0.7, haze=0.6).found == ("haze",)
    assert diagnosis(clean=0.4).found == ()


def test_words_tell_confidence_level_and_grain():
    assert str(diagnosis(noise=0.983, jpeg=0.61)) == (
        "noise 98 % (about 20 grey levels of 255, finer than a pixel), JPEG 61 %"
    )
    assert "coarser than a pixel" in str(diagnosis(noise=0.9, noise_coarseness=0.7))
    assert str(diagnosis(motion=0.5)) == "motion blur 50 %"
    assert str(diagnosis()) == "nothing sure"


def test_calibration_scales_and_shifts_each_logit_on_its_own():
    calibration = Calibration(scales=(2.0,) + (1.0,) * 7, offsets=(0.0,) * 7 + (-1.0,))
    confidences = calibration.confidences([1.0] * 8)
    assert confidences["noise"] == pytest.approx(1 / (1 + math.exp(-2)))
    assert confidences["rain"] == pytest.approx(1 / (1 + math.exp(-1)))
    assert confidences["clean"] == pytest.approx(0.5)
    assert calibration.confidences([1e4] * 8)["rain"] == 1
    assert calibration.confidences([-1e4] * 8)["rain"] < 1e-20
