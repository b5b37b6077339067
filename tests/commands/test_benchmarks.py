import json

import pytest
from miniatures import MINIATURES, paint, save

from restora.datasets import BENCHMARKS
from restora.metrics import PROTOCOLS


def test_every_benchmark_is_listed(restora_command):
    text = restora_command("benchmarks").stdout
    rows = json.loads(restora_command("benchmarks", "--json").stdout)
    assert [row["name"] for row in rows] == list(BENCHMARKS)
    for name in BENCHMARKS:
        assert f"\n{name} " in text


def test_a_card_shows_what_one_must_know(restora_command):
    text = restora_command("benchmarks", "show", "sots-outdoor").stdout
    for words in ("test 500 or 492", "pooled-4 (ChaIR)", "492 clean", "https://", "hazy"):
        assert words in text
    assert json.loads(restora_command("benchmarks", "show", "dpdd", "--json").stdout)["bits"] == 16


def test_unknown_names_list_those_there_are(restora_command):
    run = restora_command("benchmarks", "show", "rain99")
    assert run.returncode == 2
    assert run.stderr.startswith("restora: unknown benchmark 'rain99'; there are: gopro, hide")
    run = restora_command("benchmarks", "check", "gopro", ".", "--variant", "sharp")
    assert "gopro: has no variant 'sharp'; there are: blur, blur_gamma" in run.stderr


def test_a_sound_copy_passes(restora_command, tmp_path):
    mini = next(mini for mini in MINIATURES if str(mini) == "rain100l-test-PromptIR")
    mini.build(tmp_path)
    run = restora_command("benchmarks", "check", "rain100l", "Rain100L")
    assert run.returncode == 0, run.stdout + run.stderr
    lines = run.stdout.splitlines()
    assert lines[0] == "rain100l test: 3 pairs, layout: PromptIR"
    assert "  3 pairs where 100 are published: incomplete or another release" in lines
    assert "  degraded: 3 of 12x8 8-bit PNG" in lines
    assert "  clean: 3 of 12x8 8-bit PNG" in lines
    assert lines[-1] == "sound"


def test_everything_that_does_not_fit_is_named(restora_command, tmp_path):
    for name in ("1", "2", "3", "4", "5"):
        save(tmp_path / f"input/{name}.png", paint((12, 8), 9))
        save(tmp_path / f"target/{name}.png", paint((12, 8), 9))
    (tmp_path / "target/2.png").unlink()
    (tmp_path / "input/3.png").unlink()
    save(tmp_path / "target/4.png", paint((14, 8), 9))
    (tmp_path / "input/5.png").write_bytes(b"<html>")
    run = restora_command("benchmarks", "check", "rain100l", tmp_path)
    assert run.returncode == 1
    assert "input/2.png: has no clean partner" in run.stdout
    assert "target/3.png: is the clean partner of no image" in run.stdout
    assert "target/4.png: is 14x8, but" in run.stdout
    assert "input/5.png: is not an image that restora knows" in run.stdout
    found = json.loads(restora_command("benchmarks", "check", "rain100l", tmp_path, "--json").stdout)
    assert (found["pairs"], found["published"], found["sound"], len(found["faults"])) == (3, 100, False, 4)
    assert found["degraded"] == {"12x8 8-bit PNG": 1}


@pytest.mark.parametrize(("depth", "code"), [(16, 0), (8, 1)])
def test_the_depth_is_checked_against_the_card(depth, code, restora_command, tmp_path):
    for folder in ("inputC", "target"):
        save(tmp_path / f"test/DPDD/{folder}/1.png", paint((4, 4), 9, depth))
    run = restora_command("benchmarks", "check", "dpdd", tmp_path)
    assert run.returncode == code
    assert ("is of 8 bits, but DPDD of 16" in run.stdout) == (depth == 8)


def test_no_known_layout_says_which_are_known(restora_command, tmp_path):
    (tmp_path / "empty").mkdir()
    run = restora_command("benchmarks", "check", "ddn", "empty")
    assert run.returncode == 2
    assert "no known layout of DDN-Data (test) there; known are authors: FOLDER/(rainy_image" in run.stderr


def test_protocols_lists_every_one(restora_command):
    rows = json.loads(restora_command("protocols", "--json").stdout)
    assert [row["name"] for row in rows] == list(PROTOCOLS)
    text = restora_command("protocols").stdout
    for name in PROTOCOLS:
        assert f"\n{name} " in text


def test_download_names_the_page_where_no_program_may_fetch(restora_command):
    run = restora_command("benchmarks", "download", "rain100l", "data")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(
        "restora: rain100l: no program may fetch it; visit https://www.icst.pku.edu.cn/"
    )
    assert (
        "restora benchmarks download kodak24 FOLDER"
        in restora_command("benchmarks", "show", "kodak24").stdout
    )


def test_what_is_downloaded_is_checked(restora_command, tmp_path, monkeypatch):
    def fetch(name, root, progress):
        mini = next(mini for mini in MINIATURES if str(mini) == "rain100l-test-PromptIR")
        mini.build(tmp_path)
        return tmp_path / "Rain100L"

    monkeypatch.setattr("restora.commands.benchmarks.fetch", fetch)
    run = restora_command("benchmarks", "download", "rain100l", "data")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[:2] == [
        str(tmp_path / "Rain100L"),
        "rain100l test: 3 pairs, layout: PromptIR",
    ]
