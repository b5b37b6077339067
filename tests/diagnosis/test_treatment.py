import pytest

from restora.diagnosis import DAMAGES, Diagnosis
from restora.diagnosis.treatment import REMEDIES, THRESHOLDS, Treatment, treatment_of

EVERYTHING = {*REMEDIES.values()}


def treated(tasks=EVERYTHING, coarseness=0.2, **confidences):
    diagnosis = Diagnosis({name: confidences.get(name, 0.0) for name in DAMAGES}, 20.0, coarseness)
    return treatment_of(diagnosis, lambda: set(tasks))


@pytest.mark.parametrize("damage", THRESHOLDS)
def test_each_damage_is_mended_from_its_threshold_on(damage):
    least = THRESHOLDS[damage]
    assert treated(**{damage: least}).tasks == (REMEDIES[damage],)
    assert treated(**{damage: least - 0.01}) == Treatment(())


def test_two_are_mended_in_turn_noise_before_blur_and_the_surest_of_three():
    assert treated(motion=0.99, noise=0.95).tasks == ("denoise-real", "deblur")
    assert treated(defocus=0.97, haze=0.98).tasks == ("dehaze", "defocus")
    assert treated(motion=0.99, noise=0.9, rain=0.95).tasks == ("derain", "deblur")
    assert treated(noise=0.9, jpeg=0.95, motion=0.9).tasks == (
        "denoise-real",
        "deblur",
    )  # one task for two damages


def test_a_task_without_weights_is_named_and_left_out():
    assert treated({"denoise-real"}, motion=0.99, noise=0.95) == Treatment(("denoise-real",), ("deblur",))
    assert treated({"denoise-real"}, rain=0.99) == Treatment((), ("derain",))


def test_any_weights_do_what_is_missing_or_unsure_but_never_a_clean_picture():
    there = {"denoise-real", "any"}
    assert treated(there, rain=0.99).tasks == ("any",)
    assert treated(there, rain=0.3, snow=0.4, clean=0.1).tasks == ("any",)
    assert treated(there, clean=0.8).tasks == ()
    assert treated(there, rain=0.3, clean=0.4).tasks == ()
    assert treated(there, haze=0.3, motion=0.4).tasks == ()  # what is soft is taken for hazy
    assert treated(there, haze=0.4, motion=0.3).tasks == ("any",)
    assert treated(there, noise=0.9).tasks == ("denoise-real",)


def test_independent_noise_has_weights_of_its_own_unless_jpeg_has_changed_it():
    there = {*EVERYTHING, "denoise"}
    assert treated(there, coarseness=0.001, noise=0.9).tasks == ("denoise",)
    assert treated(there, coarseness=0.001, noise=0.9, motion=0.95).tasks == ("denoise", "deblur")
    assert treated(there, coarseness=0.001, noise=0.9, jpeg=0.9).tasks == ("denoise-real",)
    assert treated(coarseness=0.001, noise=0.9).tasks == ("denoise-real",)  # no such weights
