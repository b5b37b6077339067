"""A film of a visit: the bytes of the command, and what is none."""

import pytest

from restora.cancellation import Cancelled
from restora.checkpoints import list_weights
from restora.errors import RestoraError
from restora.images import read
from restora.web.restoring import Offer, Step
from restora.web.visits import Visit

pytest.importorskip("av")
pytest.importorskip("skimage")
from films import panning, write_clip

from restora.web.films import Film, film_restored

OFFER = Offer(tuple(card.name for card in list_weights()), 1_000_000, (("threads", 1),))


@pytest.fixture
def visit(tmp_path):
    return Visit(tmp_path / "visits")


@pytest.fixture
def clip(tmp_path):
    write_clip(tmp_path / "clip.mp4", panning(6, noise=0.06), sound=True)
    return tmp_path / "clip.mp4"


def test_the_bytes_are_those_of_the_command(tmp_path, visit, clip, restora_command):
    *steps, film = film_restored(visit, clip, "denoise-real", "0.2s", True, OFFER)
    assert all(isinstance(step, Step) for step in steps)
    assert isinstance(film, Film)
    assert "frames a second" in f"{steps[-1].pace.rate:.2f} {steps[-1].unit} a second"
    words = ("--task", "denoise-real", "--preview", "0.2s", "--temporal", "--threads", 1)
    run = restora_command("video", "clip.mp4", *words)
    assert run.returncode == 0, run.stderr
    assert film.target.name == "clip-restored.mp4"
    assert film.target.read_bytes() == (tmp_path / film.target.name).read_bytes()
    before, after = read(film.before).pixels, read(film.after).pixels
    assert before.shape == after.shape == (64, 96, 3)
    assert before[1:].astype(int).std() > after.astype(int).std() > 0
    visit.clear()
    assert film.target.exists()


def test_cancelling_ends_it(visit, clip):
    steps = film_restored(visit, clip, "denoise", "", False, OFFER)
    next(steps)
    next(steps)
    visit.stop.set()
    with pytest.raises(Cancelled):
        list(steps)


def test_what_is_no_film_or_too_large_is_refused(tmp_path, visit, clip, noisy):
    playlist = tmp_path / "clip.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXTINF:9,\n{clip}\n#EXT-X-ENDLIST\n")
    for path in (noisy(), playlist):
        with pytest.raises(RestoraError, match=f"^{path.name}: is no film that restora knows"):
            list(film_restored(visit, path, "auto", "", False, OFFER))
    with pytest.raises(RestoraError, match="frames of 96 x 64 are larger than 1000 pixels"):
        list(film_restored(visit, clip, "auto", "", False, Offer(OFFER.weights, 1000, OFFER.options)))
