import base64
import io
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from restora.errors import RestoraError
from restora.evaluation.published import Published, published_for
from restora.evaluation.record import Evaluation, ImageScores
from restora.evaluation.report import write_report


def record(count=20, **changes):
    images = tuple(
        ImageScores(f"image {i:02d}", {"psnr": 20.0 + i, "ssim": 0.5 + i / 100}) for i in range(count)
    )
    fields = {
        "benchmark": "rain100l",
        "title": "Rain100L",
        "split": "test",
        "variant": "",
        "protocol": "derain-y8",
        "protocol_description": "luma",
        "method": "ours",
        "kind": "weights",
        "settings": {"tile": 256, "ensemble": False, "local_statistics": None},
        "images": images,
        "versions": {"restora": "9.9"},
        "weights_sha256": "ab" * 32,
    }
    return Evaluation(**(fields | changes))


def pictures(name):
    level = int(name.split()[1]) * 5
    return tuple(np.full((12, 18, 3), (level + step) / 255) for step in (0, 50, 100))


VOID = {"meta", "link", "img", "input"}


class Checker(HTMLParser):
    """Collects ids and addresses, and makes sure that elements are nested."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.addresses = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.addresses += [attributes[a] for a in ("src", "href") if a in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_says_what_was_measured_and_how(tmp_path):
    path = write_report(record(), tmp_path / "deep" / "report.html")
    text = path.read_text()
    for words in (
        "ours on Rain100L",
        "20 images",
        "derain-y8",
        "ab" * 32,
        "restora 9.9",
        "tile 256",
        "ensemble off",
    ):
        assert words in text
    assert "<b>29.50</b>" in text
    assert "<b>0.595</b>" in text
    assert text.count("<tr data-order") == 20
    assert "Pictures" not in text


def test_the_page_is_well_formed_and_asks_nothing_of_the_network(tmp_path):
    text = write_report(record(), tmp_path / "r.html", pictures=pictures).read_text()
    page = Checker(text)
    assert len(set(page.ids)) == len(page.ids)
    for address in page.addresses:
        assert address.startswith("data:") or address.removeprefix("#") in page.ids
    assert not re.search(r"https?://|@import|url\(", text)


def test_worst_middle_and_best_are_shown_with_their_pictures(tmp_path):
    text = write_report(record(), tmp_path / "r.html", pictures=pictures).read_text()
    names = re.findall(r'class="name">image (\d+)<', text)
    assert names == ["00", "01", "02", "08", "09", "10", "19", "18", "17"]
    data = re.findall(r'src="data:image/webp;base64,([^"]+)"', text)
    assert len(data) == 27
    levels = [np.asarray(Image.open(io.BytesIO(base64.b64decode(d)))).mean() for d in data[:3]]
    assert levels == pytest.approx([0, 50, 100], abs=3)
    assert 'href="#picture-0">image 00</a>' in text


def test_few_images_are_all_shown_once(tmp_path):
    text = write_report(record(4), tmp_path / "r.html", pictures=pictures).read_text()
    assert re.findall(r'class="name">image (\d+)<', text) == ["00", "01", "02", "03"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_depths_gray_and_large_pictures(tmp_path, dtype):
    full = 1 if dtype == np.float32 else np.iinfo(dtype).max
    one = np.full((20, 2000), full, dtype)
    text = write_report(record(1), tmp_path / "r.html", pictures=lambda name: (one, one, one)).read_text()
    image = Image.open(io.BytesIO(base64.b64decode(re.search(r'base64,([^"]+)"', text)[1])))
    assert image.size == (1280, 13)
    assert np.asarray(image).mean() > 252


def test_pictures_of_different_size_are_refused(tmp_path):
    def odd(name):
        return np.zeros((4, 4, 3)), np.zeros((4, 5, 3)), np.zeros((4, 4, 3))

    with pytest.raises(RestoraError, match="image 00: restored is 5x4, clean is 4x4"):
        write_report(record(1), tmp_path / "r.html", pictures=odd)
    assert list(tmp_path.iterdir()) == []


def published(model, protocol, kind="result", **scores):
    return Published(model, "rain100l", "test", "", scores, protocol, kind, f"paper of {model}", "")


def test_published_numbers_stand_in_order_of_the_first_metric_with_their_protocol(tmp_path):
    others = [
        published("Weak", "basicsr-y", "unverified", psnr="20.0"),
        published("Strong", "derain-y8", psnr="40.10", ssim="0.9700"),
    ]
    text = write_report(record(), tmp_path / "r.html", published=others).read_text()
    rows = re.findall(r'<tr class="(ours|)"><th scope="row">([^<]+)</th>(.*?)</tr>', text)
    assert [(mark, method) for mark, method, _ in rows] == [
        ("", "Strong"),
        ("ours", "ours, tiles of 256"),
        ("", "Weak"),
    ]
    strong, _, weak = (cells for _, _, cells in rows)
    assert re.findall(r'number">([^<]+)<', strong) == ["40.10", "0.9700"]
    assert 'source">paper of Strong<' in strong
    assert re.findall(r'number">([^<]+)<', weak) == ["20.0", "–"]
    assert "measured by basicsr-y, not comparable" in weak
    assert "quoted" in weak


def test_published_numbers_of_the_benchmark_are_found(tmp_path):
    text = write_report(record(), tmp_path / "r.html").read_text()
    assert len(published_for("rain100l", "test", "")) + 1 == text.count('<td class="source">')
    text = write_report(record(benchmark="my photographs"), tmp_path / "r.html").read_text()
    assert "published" not in text.split("</style>")[1].lower()


HOSTILE = """<script>alert("x")</script>' onload='x' {{ 7 * 7 }}"""


def test_names_are_escaped_wherever_they_stand_and_infinity_sorts(tmp_path):
    odd = (ImageScores(HOSTILE, {"psnr": math.inf}), ImageScores("b", {"psnr": 30.0}))
    words = ("title", "split", "variant", "protocol_description", "method")
    evaluation = record(
        images=odd,
        settings={HOSTILE: HOSTILE},
        remarks=(HOSTILE,),
        versions={"restora": HOSTILE},
        weights_sha256=HOSTILE,
        **dict.fromkeys(words, HOSTILE),
    )
    one = np.zeros((4, 4, 3))
    other = published(HOSTILE, HOSTILE, psnr="30.0")
    text = write_report(
        evaluation, tmp_path / "r.html", pictures=lambda name: (one, one, one), published=[other]
    ).read_text()
    assert "<script>alert" not in text
    assert "' onload" not in text
    assert "49" not in re.sub(r"base64,[^\"]+|<style>.*?</style>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    assert "<h1>&lt;script&gt;alert(" in text
    assert 'data-value="Infinity">∞' in text
    Checker(text)
