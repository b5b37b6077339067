import math
import re
import xml.etree.ElementTree as ET

import pytest

from restora.evaluation.histogram import histogram


def bars(svg):
    return [title.text for title in ET.fromstring(svg).iter("title")]


def test_every_value_is_counted_once():
    values = [20 + 0.1 * i for i in range(100)]
    counts = [int(bar.split(": ")[1]) for bar in bars(histogram(values, "psnr"))]
    assert sum(counts) == 100
    assert len(counts) >= 10


def test_bins_are_round_and_described():
    svg = histogram([21.3, 21.9, 24.2, 28.8], "psnr")
    assert bars(svg)[0] == "20.00 to 22.00: 2"
    assert 'aria-label="PSNR, dB: 4 images from 21.30 to 28.80, mean 24.05"' in svg
    assert re.findall(r">(\d+)</text>", svg) == ["0", "1", "2", "20", "22", "24", "26", "28", "30"]


@pytest.mark.parametrize("values", [[30.0], [30.0] * 5, [0.0, 0.0], [1e-9, 1.0], [0.999, 1.0], [-3.0, 4.0]])
def test_any_values_make_bars_inside_the_picture(values):
    svg = ET.fromstring(histogram(values, "ssim"))
    rectangles = [{k: float(v) for k, v in r.attrib.items()} for r in svg.iter("rect")]
    assert sum(int(bar.text.split(": ")[1]) for bar in svg.iter("title")) == len(values)  # type: ignore[misc]
    assert all(r["x"] >= 0 and r["x"] + r["width"] <= 480 and r["y"] >= 0 for r in rectangles)


def test_what_is_not_finite_is_left_out_and_said():
    svg = histogram([30.0, math.inf, 31.0], "psnr")
    assert "2 images from 30.00 to 31.00" in svg
    assert "1 without a finite value left out" in svg
    assert "no finite values" in histogram([math.inf], "psnr")
