"""What the page says: escaped, and in words."""

from restora.progress import Pace
from restora.web import words
from restora.web.restoring import Step
from restora.web.trials import Trial


def test_names_of_files_are_no_html():
    assert "<script>" not in words.progress(Step("<script>.png", Pace(0.5)))
    assert "<b" not in words.trials([Trial("<b>", b"")])
    assert "<i>" not in words.sentence("<i>")


def test_progress_says_the_time_left():
    said = words.progress(Step("a.png", Pace(0.25, 1.5, 90.0)))
    assert "25% · 1.50 megapixels a second · 1 min 30 s left" in said
    assert 'value="0.250"' in said
    assert "value" not in words.waiting("drawing")
