"""Restoring a visit's pictures: the bytes of the command, its words, and an end when it is asked for."""

import zipfile
from threading import Thread
from time import sleep

import numpy as np
import pytest
from PIL import Image

from restora.cancellation import Cancelled
from restora.checkpoints import list_weights
from restora.errors import RestoraError
from restora.images import Photograph, read, read_all, write
from restora.pixels import convert_depth
from restora.restoration import AutoRestorer
from restora.web import restoring
from restora.web.restoring import Offer, Wish, restored, zipped
from restora.web.visits import Visit

OFFER = Offer(tuple(card.name for card in list_weights()), 1_000_000, (("threads", 1),))


@pytest.fixture(scope="module")
def diagnose():
    return AutoRestorer(threads=1)


@pytest.fixture
def visit(tmp_path):
    return Visit(tmp_path / "visits")


def deep(path, seed=0):
    """Write a noisy picture of 16 bits with alpha and a profile."""
    from PIL import ImageCms

    from restora.images import Metadata

    random = np.random.default_rng(seed)
    values = (30_000 + random.normal(0, 6000, (40, 56, 3))).clip(0, 65535).astype(np.uint16)
    alpha = random.integers(0, 65536, (40, 56), np.uint16)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return write(path, Photograph(values, alpha, Metadata(icc=profile)))


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(), ()),
        (Wish("dehaze", strength=0.5, tile="64"), ("--task", "dehaze", "--strength", 0.5, "--tile", 64)),
        (
            Wish(weights="denoise-real-chair-tiny", engine="torch", tile="none"),
            ("--weights", "denoise-real-chair-tiny", "--engine", "torch", "--tile", "none"),
        ),
        (
            Wish("denoise", file_format="webp", quality=60),
            ("--task", "denoise", "--overwrite", "--format", "webp", "--quality", 60),
        ),
    ],
)
def test_the_bytes_are_those_of_the_command(tmp_path, visit, noisy, diagnose, restora_command, wish, words):
    sources = [noisy(), noisy("photo.jpg"), deep(tmp_path / "deep.png")]
    for source in sources:
        visit.take(source, OFFER.max_pixels, diagnose)
    steps = list(restored(visit, wish, OFFER))
    assert steps[-1].pace.fraction == 1
    for source, picture in zip(sources, visit.pictures, strict=True):
        run = restora_command("restore", source.name, "--threads", 1, *words)
        assert run.returncode == 0, run.stderr
        target = source.with_name(run.stdout.strip())
        assert picture.result.target.name == target.name
        assert picture.result.target.read_bytes() == target.read_bytes()
    kept = read(visit.pictures[2].result.target)
    assert (kept.depth, kept.metadata.icc) == (
        "8-bit" if wish.file_format else "16-bit",
        read(sources[2]).metadata.icc,
    )
    assert np.array_equal(kept.alpha, convert_depth(read(sources[2]).alpha, kept.pixels.dtype))


def test_an_animation_keeps_its_frames_and_its_progress(tmp_path, visit, diagnose, monkeypatch):
    monkeypatch.setattr(restoring, "PATIENCE", 0.0)
    random = np.random.default_rng(0)
    frames = [
        Image.fromarray(random.normal(120, 25, (40, 56)).clip(0, 255).astype(np.uint8)) for _ in range(4)
    ]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=50, loop=0)
    picture = visit.take(tmp_path / "a.gif", OFFER.max_pixels, diagnose)
    fractions = [step.pace.fraction for step in restored(visit, Wish("denoise", engine="torch"), OFFER)]
    assert picture.result.target.suffix == ".gif"
    assert len(list(read_all(picture.result.target))) == 4
    assert fractions == sorted(fractions)
    assert [f for f in fractions if 0 < f < 1] == pytest.approx([0.25, 0.5, 0.75])


def test_a_second_run_replaces_the_first(visit, noisy, diagnose):
    visit.take(noisy(), OFFER.max_pixels, diagnose)
    targets = []
    for strength in (1.0, 0.3):
        list(restored(visit, Wish("denoise", strength=strength), OFFER))
        targets.append(visit.pictures[0].result.target)
    assert targets[0] != targets[1]
    assert [target.exists() for target in targets] == [False, True]


def test_cancelling_stops_within_the_picture(tmp_path, visit, noisy, diagnose):
    visit.take(noisy(side=(600, 600)), OFFER.max_pixels, diagnose)
    steps = restored(visit, Wish("denoise", tile="64"), OFFER)
    next(steps)
    Thread(target=lambda: (sleep(0.3), visit.stop.set())).start()
    with pytest.raises(Cancelled):
        list(steps)
    assert visit.pictures[0].result is None


def test_who_goes_away_cancels(visit, noisy, diagnose):
    visit.take(noisy(side=(600, 600)), OFFER.max_pixels, diagnose)
    steps = restored(visit, Wish("denoise", tile="64"), OFFER)
    next(steps), next(steps)
    steps.close()
    assert visit.stop.is_set()
    assert visit.pictures[0].result is None


def test_weights_that_are_not_offered_are_refused(tmp_path, visit, noisy, diagnose):
    visit.take(noisy(), OFFER.max_pixels, diagnose)
    for name in ("/etc/passwd", "someone/something", str(tmp_path)):
        with pytest.raises(RestoraError, match="not offered here"):
            list(restored(visit, Wish(weights=name), OFFER))


def test_impossible_wishes_are_refused_in_the_words_of_the_command(visit, noisy, diagnose):
    with pytest.raises(RestoraError, match="drop one first"):
        list(restored(visit, Wish(), OFFER))
    visit.take(noisy(), OFFER.max_pixels, diagnose)
    with pytest.raises(RestoraError, match="are for the task dehaze, but derain is asked for"):
        list(restored(visit, Wish("derain", "dehaze-chair-tiny"), OFFER))
    with pytest.raises(RestoraError, match="no number of pixels"):
        list(restored(visit, Wish(tile="x"), OFFER))


def test_a_zip_holds_all_under_names_of_their_own(tmp_path, visit, noisy, diagnose):
    assert zipped(visit) is None
    for seed in (1, 2):
        visit.take(noisy(seed=seed), OFFER.max_pixels, diagnose)
    list(restored(visit, Wish("denoise"), OFFER))
    with zipfile.ZipFile(zipped(visit)) as archive:
        assert archive.namelist() == ["photo-restored.png", "photo-restored (2).png"]
        contents = [archive.read(name) for name in archive.namelist()]
    assert contents == [picture.result.target.read_bytes() for picture in visit.pictures]
