from dataclasses import replace

import pytest

from restora.errors import RestoraError
from restora.evaluation.curves import Curve, chart, level, write_curves
from restora.evaluation.record import Evaluation, ImageScores


def record(method, sigma, score, **changes):
    images = (
        ImageScores("a", {"psnr": score - 1, "ssim": 0.9}),
        ImageScores("b", {"psnr": score + 1, "ssim": 0.8}),
    )
    made = Evaluation(
        "cbsd68", "CBSD68", "test", f"sigma-{sigma}", "rgb8", "in words", method, "baseline", {}, images
    )
    return replace(made, **changes)


RECORDS = [
    record("low", 50, 24.0),
    record("high", 50, 26.0),
    record("low", 15, 31.0),
    record("high", 15, 30.0),
]


def test_curves_are_by_level_and_the_best_at_strong_noise_comes_first():
    drawn = chart(RECORDS)
    assert drawn.title == "CBSD68, 2 images, protocol rgb8"
    assert drawn.metric == "psnr"
    assert drawn.curves == (
        Curve("high", ((15.0, 30.0), (50.0, 26.0))),
        Curve("low", ((15.0, 31.0), (50.0, 24.0))),
    )
    assert chart(RECORDS, "ssim").curves[0].points[0][1] == pytest.approx(0.85)


def test_the_setting_sigma_goes_before_the_variant():
    assert level(record("m", 25, 30.0)) == 25
    assert level(record("m", 25, 30.0, settings={"sigma": 12.5})) == 12.5
    with pytest.raises(RestoraError, match="has no level of noise"):
        level(record("m", 25, 30.0, variant="gray"))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (record("m", 25, 30.0, benchmark="kodak24"), "benchmark is kodak24, but cbsd68 for low"),
        (record("m", 25, 30.0, protocol="dpdd"), "protocol is dpdd, but rgb8"),
        (record("m", 25, 30.0, images=(ImageScores("a", {"psnr": 3.0}),)), "scores other images"),
        (record("low", 50, 30.0), "measured twice"),
        (record("m", 25, float("inf")), "cannot be drawn"),
    ],
)
def test_what_cannot_be_compared_is_refused(other, words):
    with pytest.raises(RestoraError, match=words):
        chart([*RECORDS, other])


def test_an_unknown_metric_and_no_records_are_refused():
    with pytest.raises(RestoraError, match="has no metric 'lpips'"):
        chart(RECORDS, "lpips")
    with pytest.raises(RestoraError, match="need evaluations"):
        chart([])


@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG")])
def test_files_are_the_same_every_time(tmp_path, suffix, start):
    pytest.importorskip("matplotlib")
    first = write_curves(tmp_path / f"first{suffix}", chart(RECORDS)).read_bytes()
    assert first.startswith(start)
    assert write_curves(tmp_path / f"second{suffix}", chart(RECORDS)).read_bytes() == first


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(RestoraError, match=r"curves are written as \.svg, \.pdf, \.png"):
        write_curves(tmp_path / "curves.gif", chart(RECORDS))
