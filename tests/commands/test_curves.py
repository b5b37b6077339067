import pytest

from restora.evaluation.record import Evaluation, ImageScores, write_json


@pytest.fixture
def records(tmp_path):
    for method in ("bm3d", "ours"):
        for sigma in (15, 50):
            images = (ImageScores("a", {"psnr": 35 - sigma / 10, "ssim": 0.9}),)
            made = Evaluation(
                "cbsd68", "CBSD68", "test", f"sigma-{sigma}", "rgb8", "", method, "baseline", {}, images
            )
            write_json(tmp_path / f"{method}-{sigma}.json", made)
    return sorted(tmp_path.glob("*.json"))


def test_curves_are_written_and_not_over_another_file(restora_command, records, tmp_path):
    pytest.importorskip("matplotlib")
    run = restora_command("curves", *records, "-o", "curves.svg")
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "curves.svg"
    assert "</svg>" in (tmp_path / "curves.svg").read_text()
    assert "exists already" in restora_command("curves", *records, "-o", "curves.svg").stderr
    assert restora_command("curves", *records, "-o", "curves.svg", "--overwrite").returncode == 0


def test_what_is_no_record_is_explained_in_a_line(restora_command, tmp_path):
    (tmp_path / "no.json").write_text("[]")
    run = restora_command("curves", "no.json", "-o", "curves.svg")
    assert run.returncode == 2
    assert "no.json: is no evaluation" in run.stderr
    assert len(run.stderr.splitlines()) == 1
