from pathlib import Path

import pytest

from restora.errors import RestoraError
from restora.evaluation.leaderboard import leaderboard, suite_means
from restora.evaluation.published import published_for
from restora.evaluation.record import Evaluation, ImageScores, read_json, write_json
from restora.evaluation.tables import read_evaluations, results_page, with_tables

ROOT = Path(__file__).parents[2]


def scored(values, variant="sigma-25", method="mine", **fields):
    images = tuple(ImageScores(f"{i}", {"psnr": float(value)}) for i, value in enumerate(values))
    usual = {
        "benchmark": "cbsd68",
        "title": "CBSD68",
        "split": "test",
        "protocol": "gaussian-rgb8",
        "protocol_description": "RGB",
        "kind": "weights",
        "settings": {},
    }
    return Evaluation(**(usual | fields), variant=variant, method=method, images=images)


def test_the_page_of_results_is_up_to_date():
    folder = "benchmarks/results/evaluations"
    page = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    assert page == results_page(read_evaluations(ROOT / folder), folder)


def test_the_tables_of_the_readme_are_up_to_date():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_tables(page, read_evaluations(ROOT / "benchmarks/results/evaluations")) == page


def test_marks_name_the_columns_and_rows_that_are_written_between_them():
    mark = "<!-- restora tables: kodak24, cbsd68; mine, slow -->\n"
    page = f"a\n{mark}old\n<!-- end -->\nb <!-- end -->\n"
    kodak = {"benchmark": "kodak24", "title": "Kodak24"}
    evaluations = [
        scored([30, 40]),
        scored([20, 30], **kodak),
        scored([38], method="slow"),
        scored([29], method="slow", **kodak),
        scored([1, 2], method="other"),
    ]
    written = with_tables(page, evaluations[::-1])
    assert written == with_tables(written, evaluations)
    assert written.startswith(f"a\n{mark}\nPSNR, dB; protocol `gaussian-rgb8`; means over the images")
    assert written.endswith("\n<!-- end -->\nb <!-- end -->\n")
    whole, part = written.split("On the images that slow was run on:")
    assert "| method | Kodak24 σ 25 (2) | CBSD68 σ 25 (2) |" in whole
    assert "| mine | 25.00 | 35.00 |" in whole
    assert "| mine | 20.00 | 30.00 |\n| slow | 29.00 | 38.00 |" in part
    assert "other" not in written
    assert "old" not in written
    assert with_tables("no mark", evaluations) is None
    with pytest.raises(RestoraError, match="slow: has no evaluation"):
        with_tables(page, evaluations[:2])


def test_strengths_of_noise_are_columns_and_the_order_of_files_does_not_matter():
    one = [scored([30, 32], "sigma-15"), scored([20.004, 20.004]), scored([10, 10], "sigma-50")]
    page = results_page(one, "f")
    assert page == results_page(one[::-1], "f")
    assert "| method | σ 15 PSNR (2) | σ 25 PSNR (2) | σ 50 PSNR (2) | source |" in page
    assert "| **mine** | 31.00 | 20.00 | 10.00 | measured |" in page
    assert "| Restormer | 34.40 | 31.79 | 28.60 | quoted from the literature, not checked |" in page
    assert page.index("**mine**") < page.index("| CBM3D") < page.index("| Restormer")


def test_a_part_of_the_images_is_compared_on_the_same_part():
    page = results_page([scored([30, 40, 50]), scored([31, 41], method="slow")], "f")
    whole, part = page.split("On the images that slow was run on:")
    assert "σ 25 PSNR (2)" in part
    assert "**slow**" not in whole
    assert "| **mine** | 40.00 | measured |" in whole
    assert "| **mine** | 35.00 | measured |" in part
    assert "| **slow** | 36.00 | measured |" in part


def test_the_same_thing_twice_is_refused():
    with pytest.raises(RestoraError, match="mine: is there twice"):
        results_page([scored([30]), scored([31])], "f")


def test_files_are_read_from_a_folder(tmp_path):
    with pytest.raises(RestoraError, match="holds no evaluations"):
        read_evaluations(tmp_path)
    write_json(tmp_path / "a.json", scored([30]))
    assert read_evaluations(tmp_path) == [scored([30])]


def test_of_a_record_and_a_part_of_it_the_fuller_is_taken_and_said(tmp_path, caplog):
    caplog.set_level("INFO", "restora")
    whole, other = scored([30, 40, 50]), scored([1, 2], "sigma-50")
    for name, one in {
        "a-first-2": scored([30, 40]),
        "b": whole,
        "c-first-1": scored([30]),
        "d": other,
    }.items():
        write_json(tmp_path / f"{name}.json", one)
    assert read_evaluations(tmp_path) == [whole, other]
    assert "40.00" in results_page(read_evaluations(tmp_path), "f")
    assert [record.getMessage() for record in caplog.records[:2]] == [
        f"{tmp_path}/{part}.json: left out, {tmp_path}/b.json is fuller; it has {count} of its 3 images"
        for part, count in (("a-first-2", 2), ("c-first-1", 1))
    ]


def test_measured_and_published_stand_in_one_order_and_other_protocols_are_noted():
    mine = scored([33, 33], variant="", benchmark="rain100l", title="Rain100L", protocol="derain-y8")
    board = leaderboard([mine])
    values = [float(row.scores[mine.case, "psnr"]) for row in board.rows]
    assert values == sorted(values)
    assert len(values) == 1 + len(published_for("rain100l", "test", ""))
    assert [row.method for row in board.rows if row.measured] == ["mine"]
    notes = {row.method: (row.remark, row.protocol) for row in board.rows}
    assert notes["DiNAT-IR"] == ("", "dinat-y")
    assert notes["KiT"] == ("", None)
    with pytest.raises(RestoraError, match="of one protocol, not of derain-y8 and gaussian-rgb8"):
        leaderboard([mine, scored([1])], ())


def test_means_of_suites_are_taken_as_papers_take_them():
    parts = [scored([30, 30, 30]), scored([40])]
    assert suite_means("rain13k", parts) == {"psnr": 35}
    assert suite_means("dpdd", parts) == {"psnr": 32.5}


def test_the_degraded_images_of_rain100l_score_what_everybody_measures():
    found = read_json(ROOT / "benchmarks/results/evaluations/rain100l-input.json")
    assert len(found.images) == found.published_pairs == 100
    assert (round(found.means["psnr"], 2), round(found.means["ssim"], 3)) == (26.90, 0.838)
