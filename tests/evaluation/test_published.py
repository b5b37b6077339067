from collections import Counter

from restora.datasets import BENCHMARKS
from restora.evaluation.cases import SUITES
from restora.evaluation.published import published_for, published_results
from restora.metrics import PROTOCOLS


def test_every_number_has_a_source_a_protocol_and_a_case_that_exists():
    rows = published_results()
    assert len(rows) > 200
    for row in rows:
        assert row.source
        assert row.protocol in {*PROTOCOLS, "server"}
        assert row.kind in ("result", "ablation", "unverified")
        assert 10 < float(row.scores["psnr"]) < 55
        assert 0.4 < float(row.scores.get("ssim", "0.5")) < 1
        if row.benchmark not in SUITES:
            card = BENCHMARKS[row.benchmark]
            assert card.variant(row.variant or None) == row.variant
            assert card.split(row.split, row.variant).name == row.split


def test_no_result_comes_twice():
    keys = Counter(
        (r.model, r.benchmark, r.split, r.variant, r.protocol, r.source) for r in published_results()
    )
    assert [key for key, times in keys.items() if times > 1] == []


def test_the_values_that_everybody_knows():
    rain = {row.model: row.scores for row in published_for("rain100l", "test", "")}
    assert rain["KiT"] == {"psnr": "36.65", "ssim": "0.969"}
    assert rain["Restormer"] == {"psnr": "38.99"}
    mean = {row.model: row.scores for row in published_for("rain13k", "test", "")}
    assert mean["MPRNet"] == {"psnr": "32.73", "ssim": "0.921"}


def test_indoor_and_all_images_of_dpdd_are_not_mixed():
    def models(split, variant):
        return {row.model: row.scores["psnr"] for row in published_for("dpdd", split, variant)}

    assert models("test-indoor", "single") == {"DiNAT-IR": "28.94", "Restormer": "28.87"}
    assert models("test", "single") == {"DiNAT-IR": "26.14", "Restormer": "25.98", "ChaIR": "26.29"}
    assert models("test", "dual") == {"DiNAT-IR": "27.05", "Restormer": "26.66"}


def test_ablations_stay_out_and_quotations_are_marked():
    assert all("[" not in row.model for row in published_for("sidd", "val", ""))
    assert {row.kind for row in published_for("cbsd68", "test", "sigma-25")} == {"unverified"}
