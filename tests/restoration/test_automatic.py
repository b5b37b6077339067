"""Photographs of which nothing is said; what is found is given by the tests, how well it is found is tested elsewhere."""

import numpy as np
import pytest

import restora
from restora.checkpoints.tasks import weights_for_task
from restora.diagnosis import DAMAGES, Diagnosis, treatment
from restora.images import Photograph, read, write
from restora.restoration import AutoRestorer, Restorer, automatic, gather, plan_jobs, restorer_for, run_jobs


@pytest.fixture
def photograph():
    ramp = np.linspace(30, 220, 72 * 80 * 3).reshape(72, 80, 3)
    return Photograph(
        (ramp + np.random.default_rng(0).normal(0, 20, ramp.shape)).clip(0, 255).astype(np.uint8)
    )


@pytest.fixture
def find(monkeypatch):
    """Make the diagnosis find what a test wants."""

    def set_findings(level=20.0, coarseness=0.6, **confidences):
        found = Diagnosis({name: confidences.get(name, 0.0) for name in DAMAGES}, level, coarseness)
        monkeypatch.setattr(automatic, "diagnose", lambda image: found)

    return set_findings


def jobs_of(folder):
    return plan_jobs(gather([folder])[0], folder / "out")


def test_one_finding_is_restored_by_its_weights(find, photograph):
    find(noise=0.99)
    choice = AutoRestorer().choose(photograph)
    assert choice.notes[0].startswith(
        "noise 99 % (about 20 grey levels of 255, coarser than a pixel); restored with denoise-"
    )
    expected = Restorer(weights_for_task("denoise-real"))(photograph)
    assert (AutoRestorer()(photograph).pixels == expected.pixels).all()


def test_two_findings_are_restored_in_turn_and_progress_goes_on(find, photograph):
    find(noise=0.99, haze=0.98)
    auto, done = AutoRestorer(), []
    choice = auto.choose(photograph)
    assert len(choice.restorers) == 2
    assert ", then dehaze-" in choice.notes[0]
    after = choice(photograph, done.append)
    one, two = choice.restorers
    assert (after.pixels == two(one(photograph)).pixels).all()
    assert done == sorted(done)
    assert done[-1] == 1
    assert any(0.4 < fraction < 0.6 for fraction in done)


def test_networks_are_built_once(find, photograph):
    find(noise=0.99)
    auto = AutoRestorer(tile=64)
    one, two = (auto.choose(photograph).restorers[0] for _ in range(2))
    assert one is two
    assert one.tile == 64


def test_a_clean_photograph_is_copied_byte_for_byte(tmp_path, find, photograph):
    find(clean=0.9)
    source = write(tmp_path / "a.jpg", photograph)
    with source.open("ab") as stream:
        stream.write(b"and more that no decoder reads")
    (result,) = run_jobs(jobs_of(tmp_path), AutoRestorer(), compare=True)
    assert result.status == "copied"
    assert result.notes == ("clean 90 %; left as it is",)
    assert result.target.read_bytes() == source.read_bytes()
    assert result.comparison.exists()
    (again,) = run_jobs(jobs_of(tmp_path), AutoRestorer())
    assert again.status == "skipped"


def test_a_clean_photograph_in_place_stays(tmp_path, find, photograph):
    find(clean=0.9)
    source = write(tmp_path / "a.png", photograph)
    before = source.read_bytes()
    (result,) = run_jobs(plan_jobs(gather([source])[0], source), AutoRestorer(), overwrite=True)
    assert (result.status, source.read_bytes()) == ("copied", before)


def test_a_clean_photograph_is_converted_where_another_format_is_asked_for(tmp_path, find, photograph):
    find(clean=0.9)
    source = write(tmp_path / "a.png", photograph)
    (result,) = run_jobs(plan_jobs(gather([source])[0], file_format="tif"), AutoRestorer())
    assert result.status == "copied"
    assert (read(result.target).pixels == photograph.pixels).all()


def test_what_has_no_weights_is_left_alone_with_a_remark(find, photograph, monkeypatch):
    find(rain=0.99)
    monkeypatch.setattr(treatment, "_tasks_in_package", lambda: {"denoise-real"})
    choice = AutoRestorer().choose(photograph)
    assert not choice.restorers
    assert choice.notes[0] == "rain 99 %; left as it is"
    assert choice.notes[1].startswith("no weights for the task derain")
    assert "restora train" in choice.notes[1]


def test_a_named_task_or_weights_are_not_diagnosed():
    assert isinstance(restorer_for(None), AutoRestorer)
    assert isinstance(restorer_for("auto"), AutoRestorer)
    assert isinstance(restorer_for("denoise"), Restorer)
    assert isinstance(restorer_for(None, "denoise-chair-tiny"), Restorer)
    with pytest.raises(restora.RestoraError, match="give one of the two"):
        restorer_for("auto", "denoise-chair-tiny")


def test_weights_for_independent_noise_are_kept_where_they_see_it(find, photograph):
    find(noise=0.99, coarseness=0.001)
    assert AutoRestorer().choose(photograph).tasks == ("denoise",)
    find(noise=0.99, coarseness=0.001, level=200.0)  # of such noise they would remove next to nothing
    assert AutoRestorer().choose(photograph).tasks == ("denoise-real",)


def test_a_path_is_read_once_and_comes_back_as_a_photograph(tmp_path, find, photograph):
    find(clean=0.9)
    restored = AutoRestorer()(write(tmp_path / "a.png", photograph))
    assert (restored.pixels == photograph.pixels).all()


def test_a_picture_no_larger_than_the_trial_is_restored_once(find, photograph, monkeypatch):
    find(noise=0.99, coarseness=0.001)
    auto, calls = AutoRestorer(), []
    expected = Restorer(weights_for_task("denoise"))(photograph).pixels
    whole = Restorer.__call__
    monkeypatch.setattr(Restorer, "__call__", lambda *a, **k: calls.append(1) or whole(*a, **k))
    done = []
    after = auto.choose(photograph)(photograph, done.append)
    assert (after.pixels == expected).all()
    assert (len(calls), done) == (1, [1.0])
    monkeypatch.setattr(automatic, "TRIAL", 64)
    assert (auto(photograph).pixels == expected).all()
    assert len(calls) == 3
