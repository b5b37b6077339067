import numpy as np
import pytest
from numpy.testing import assert_array_equal

from restora.datasets.drawn_pictures import page_of_text
from restora.diagnosis import DAMAGES
from restora.training.diagnosis.damages import damage, jpeg
from restora.training.diagnosis.scene import Scene, draw_scene

COLUMN = {name: i for i, name in enumerate(DAMAGES)}


@pytest.fixture(scope="module")
def many(scene):
    small = Scene(scene[:256, :256])
    return [damage(small, seed) for seed in range(120)]


def test_the_same_seed_gives_the_same_picture(scene):
    one, two = (damage(Scene(scene[:256, :256]), 11) for _ in range(2))
    assert_array_equal(one.picture, two.picture)
    assert_array_equal(one.labels, two.labels)


def test_every_damage_is_drawn_and_some_pictures_stay_clean(many):
    labels = np.stack([one.labels for one in many])
    there = (labels == 1).sum(0)
    assert (there >= 5).all(), dict(zip(DAMAGES, there, strict=True))
    clean = labels[:, COLUMN["clean"]] == 1
    assert (labels[clean][:, :-1] == 0).all()
    assert (labels[(labels[:, :-1] == 1).any(1)][:, COLUMN["clean"]] == 0).all()
    assert (np.nan_to_num(labels[:, :-1]).sum(1) >= 2).sum() >= 10  # several at once


def test_noise_is_labelled_with_its_level_and_only_noise_is(many):
    levels = [one.level for one in many if one.labels[COLUMN["noise"]] == 1]
    assert min(levels) > 3.5
    assert max(levels) > 30
    assert all(np.isnan(one.level) for one in many if one.labels[COLUMN["noise"]] != 1)
    assert {one.coarse for one in many} >= {0.0, 1.0}


def test_a_photograph_that_may_show_fog_teaches_nothing_about_haze(scene):
    drawn = draw_scene(scene, "morning_mist", np.random.default_rng(0))
    assert drawn.doubtful == {"haze"}
    labels = [damage(Scene(scene[:256, :256], doubtful=drawn.doubtful), seed).labels for seed in range(40)]
    assert not any(label[COLUMN["haze"]] == 0 or label[COLUMN["clean"]] == 1 for label in labels)


def test_pages_hold_text_and_jpeg_blocks():
    page = page_of_text(np.random.default_rng(1), 400)
    assert page.shape == (400, 400, 3)
    assert page.std() > 15
    saved = jpeg(page, 10, half=True).astype(int)
    steps = np.abs(np.diff(saved, axis=1)).mean((0, 2))
    assert steps[7::8].mean() > 1.3 * np.delete(steps, np.s_[7::8]).mean()
