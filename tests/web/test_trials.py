"""Trials: a part as the whole would be, for each of several weights; lessons: what the commands draw and make."""

import numpy as np
import pytest

from restora.cancellation import Cancelled
from restora.checkpoints import list_weights
from restora.errors import RestoraError
from restora.images import read
from restora.restoration import AutoRestorer, Restorer
from restora.web.lessons import looked_at, worsened
from restora.web.restoring import Offer, Wish
from restora.web.trials import MARGIN, SIDE, box_at, trials
from restora.web.visits import Visit

OFFER = Offer(tuple(card.name for card in list_weights()), 1_000_000, (("threads", 1),))


@pytest.fixture(scope="module")
def diagnose():
    return AutoRestorer(threads=1)


@pytest.fixture
def visit(tmp_path, noisy, diagnose):
    one = Visit(tmp_path / "visits")
    one.take(noisy(side=(300, 420)), OFFER.max_pixels, diagnose)
    return one


def test_a_part_is_what_the_whole_picture_would_be_there(visit):
    visit.point = 0.5, 0.5
    came, clean = trials(visit, ["denoise-chair-tiny"], Wish(), OFFER)
    picture = read(visit.picture.file.path).pixels
    box = box_at(visit, visit.picture)
    assert box is not None
    left, top, width, height = box
    assert (left, top, width, height) == (210 - SIDE // 2, 150 - SIDE // 2, SIDE, SIDE)
    there = slice(top, top + height), slice(left, left + width)
    assert np.array_equal(read(came.png).pixels, picture[there])
    seen = picture[top - MARGIN : top + height + MARGIN, left - MARGIN : left + width + MARGIN]
    whole = Restorer("denoise-chair-tiny", threads=1)(np.ascontiguousarray(seen))
    inside = slice(MARGIN, MARGIN + SIDE)
    assert np.array_equal(read(clean.png).pixels, whole[inside, inside])
    assert clean.whole > clean.seconds > 0


def test_auto_is_what_was_found_in_the_whole_and_strength_is_kept(visit):
    visit.point = 0.1, 0.9
    assert box_at(visit, visit.picture) == (0, 300 - SIDE, SIDE, SIDE)
    came, auto, half = trials(visit, ["auto", "denoise-chair-tiny"], Wish(strength=0.0), OFFER)
    assert auto.name == f"auto: {', then '.join(visit.picture.choice.tasks)}"
    assert came.png == auto.png == half.png  # nothing of it was asked for


def test_without_a_point_a_part_with_detail_is_taken_and_marked(visit):
    assert box_at(visit, visit.picture) is None
    next(trials(visit, ["auto"], Wish(), OFFER))
    assert box_at(visit, visit.picture) is not None


def test_what_cannot_be_compared_is_refused_and_a_stop_stops(visit, tmp_path):
    with pytest.raises(RestoraError, match="choose some weights"):
        list(trials(visit, [], Wish(), OFFER))
    with pytest.raises(RestoraError, match="not offered here"):
        list(trials(visit, ["/etc/passwd"], Wish(), OFFER))
    with pytest.raises(RestoraError, match="drop one first"):
        list(trials(Visit(tmp_path), ["auto"], Wish(), OFFER))
    visit.stop.set()
    with pytest.raises(Cancelled):
        list(trials(visit, ["denoise-chair-tiny"], Wish(), OFFER))


def test_what_is_looked_at_is_what_the_command_draws(visit, restora_command):
    visit.point = 0.25, 0.5
    drawing = looked_at(visit, "receptive-field", "dehaze-chair-tiny", OFFER)
    words = ("receptive-field", "photo.png", "--weights", "dehaze-chair-tiny", "--at", "105,150")
    run = restora_command("explain", *words, "-o", "field.png")
    assert run.returncode == 0, run.stderr
    expected = read(visit.folder.parent.parent / "field.png").pixels
    assert np.array_equal(read(drawing).pixels, expected)


def test_what_a_network_does_not_have_is_said(visit):
    with pytest.raises(RestoraError, match="by KiT alone"):
        looked_at(visit, "neighbours", "dehaze-chair-tiny", OFFER)
    with pytest.raises(RestoraError, match="not offered here"):
        looked_at(visit, "channels", "../../weights.pth", OFFER)
    assert looked_at(visit, "offsets", "DeRestormer, fresh weights", OFFER).exists()


def test_a_picture_is_made_worse_as_by_the_command(visit, restora_command):
    path = worsened(visit, ["rain/heavy", "jpeg/40"], 3, OFFER)
    restora_command("degrade", "photo.png", "-a", "rain/heavy", "-a", "jpeg/40", "--seed", 3)
    assert path.name == "photo-degraded.png"
    assert path.read_bytes() == (visit.folder.parent.parent / path.name).read_bytes()
    with pytest.raises(RestoraError, match="choose some of the damages"):
        worsened(visit, [], 0, OFFER)
    with pytest.raises(RestoraError, match="nosuch"):
        worsened(visit, ["nosuch/nosuch"], 0, OFFER)
