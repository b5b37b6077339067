"""Visits: files are taken byte for byte, and go with the visitor."""

import pytest

import restora.web.visits
from restora.errors import RestoraError
from restora.restoration import AutoRestorer
from restora.web.visits import Visit, Visits

MAX_PIXELS = 1_000_000


@pytest.fixture(scope="module")
def diagnose():
    return AutoRestorer(threads=1)


def test_a_file_is_taken_as_it_is_and_looked_at(tmp_path, noisy, diagnose):
    photo = noisy()
    visit = Visit(tmp_path / "visits")
    picture = visit.take(photo, MAX_PIXELS, diagnose)
    assert picture.file.path.read_bytes() == photo.read_bytes()
    assert picture.size == (64, 48)
    assert picture.choice.diagnosis.found[0] == "noise"
    assert picture.thumbnail.read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_read_leaves_nothing_and_says_what_the_command_says(
    tmp_path, noisy, diagnose, restora_command
):
    photo = noisy()
    photo.write_bytes(photo.read_bytes()[:2000])
    visit = Visit(tmp_path / "visits")
    with pytest.raises(RestoraError) as refused:
        visit.take(photo, MAX_PIXELS, diagnose)
    said = visit.failure(refused.value)
    assert f"restora: {said}" == restora_command("restore", "photo.png").stderr.strip()
    assert said.startswith("photo.png: ")
    assert list(visit.folder.iterdir()) == []


def test_larger_pictures_are_refused(tmp_path, noisy, diagnose):
    visit = Visit(tmp_path / "visits")
    with pytest.raises(RestoraError, match="1000"):
        visit.take(noisy(), 1000, diagnose)
    assert visit.pictures == []


def test_a_visit_that_ends_leaves_nothing_but_what_others_have_uploaded_too(tmp_path, noisy, diagnose):
    visits = Visits(tmp_path / "visits")
    shared, own = tmp_path / "shared/a.png", tmp_path / "own/b.png"
    for upload in (shared, own):
        upload.parent.mkdir()
        upload.write_bytes(noisy().read_bytes())
    visits["ann"].uploads.update({shared, own})
    visits["ben"].uploads.add(shared)
    folder = visits["ann"].folder
    visits["ann"].take(own, MAX_PIXELS, diagnose)
    visits.end("ann")
    assert not folder.exists()
    assert not own.parent.exists()
    assert shared.exists()
    visits.end("ben")
    assert not shared.exists()
    assert list((tmp_path / "visits").iterdir()) == []
    visits.end("nobody")


def test_a_visit_that_nobody_comes_back_to_ends(tmp_path, monkeypatch):
    visits = Visits(tmp_path / "visits")
    folder = visits["ann"].folder
    visits["ben"]
    assert folder.exists()
    visits["ann"].seen -= restora.web.visits.IDLE + 1
    visits["ben"]
    assert not folder.exists()


def test_starting_over_forgets_the_pictures(tmp_path, noisy, diagnose):
    visit = Visit(tmp_path / "visits")
    visit.take(noisy(), MAX_PIXELS, diagnose)
    visit.clear()
    assert visit.pictures == []
    assert list(visit.folder.iterdir()) == []


def test_words_hold_no_folders_of_the_visit(tmp_path):
    visit = Visit(tmp_path)
    path = visit.folder / "run3/1/photo-restored.png"
    assert visit.words(f"{path}: no; {visit.folder}/1/photo.png") == "photo-restored.png: no; photo.png"
