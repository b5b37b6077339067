import csv
import json

import numpy as np
import pytest

from restora.evaluation.record import read_json
from restora.images import Photograph, write


def picture(seed):
    y, x = np.mgrid[:20, :24]
    plane = 0.5 + 0.4 * np.sin((x * (seed + 1) + y * 2)[..., None] / 6 + np.arange(3))
    return np.rint(plane * 255).astype(np.uint8)


@pytest.fixture
def rain(tmp_path):
    for i in range(4):
        clean = picture(i)
        rainy = clean.copy()
        rainy[::4] = np.minimum(rainy[::4].astype(int) + 30 + 5 * i, 255)
        write(tmp_path / f"data/Rain100L/test/input/{i}.png", Photograph(rainy))
        write(tmp_path / f"data/Rain100L/test/target/{i}.png", Photograph(clean))
    return tmp_path / "data"


RAIN = ("evaluate", "--benchmark", "rain100l", "--root")


def test_a_run_prints_the_leaderboard_and_writes_the_same_files_twice(restora_command, rain, tmp_path):
    runs = [restora_command(*RAIN, rain, "--method", "input", "-o", folder) for folder in ("a", "b")]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert runs[0].stdout.replace("a/rain100l", "b/rain100l") == runs[1].stdout
    assert "Rain100L test: 4 pairs where 100 are published" in runs[0].stderr
    text = runs[0].stdout
    assert "Rain100L: 4 images, protocol derain-y8" in text
    for words in ("degraded input", "measured", "KiT", "36.65", "0.969", "KiT paper Table 3"):
        assert words in text
    for suffix in ("json", "csv"):
        files = [tmp_path / f"{folder}/rain100l-input.{suffix}" for folder in ("a", "b")]
        assert files[0].read_bytes() == files[1].read_bytes()
        assert f"a/rain100l-input.{suffix}" in text.splitlines()
    result = read_json(files[0].with_suffix(".json"))
    with files[0].open(newline="", encoding="utf-8") as table:
        _, *rows, _ = csv.reader(table)
    assert [(row[0], *map(float, row[1:])) for row in rows] == [
        (image.name, *image.scores.values()) for image in result.images
    ]
    assert result.remarks


def test_kept_pictures_can_be_scored_as_those_of_others(restora_command, rain, tmp_path):
    restora_command(*RAIN, rain / "Rain100L", "--method", "median", "-o", "out")
    pictures = tmp_path / "out/rain100l-median/images"
    run = restora_command(*RAIN, rain, "--images", pictures, "--name", "theirs", "-o", "out")
    assert run.returncode == 0, run.stderr
    ours, theirs = (read_json(tmp_path / f"out/rain100l-{name}.json") for name in ("median", "theirs"))
    assert ours.images == theirs.images  # the protocol rounds to 8 bits, as the kept pictures are
    assert (theirs.kind, theirs.method) == ("images", "theirs")


def test_other_protocols_and_parts_have_names_of_their_own(restora_command, rain, tmp_path):
    restora_command(*RAIN, rain, "--method", "input", "--protocol", "rgb8", "--limit", "2", "-o", "out")
    (found,) = (tmp_path / "out").glob("*.json")
    assert found.name == "rain100l-input-rgb8-first-2.json"
    assert read_json(found).remarks[-1] == "only the first 2 of 4 pairs"


def test_one_of_every_few_pairs_is_scored(restora_command, rain, tmp_path):
    restora_command(*RAIN, rain, "--method", "input", "--every", "2", "-o", "out")
    found = read_json(tmp_path / "out/rain100l-input-every-2.json")
    assert found.names == ("0", "2")
    assert found.remarks[-1] == "only 2 of 4 pairs, one of every 2"


def test_noise_is_evaluated_at_the_strengths_asked_for(restora_command, tmp_path):
    write(tmp_path / "Kodak24/1.png", Photograph(picture(1)))
    run = restora_command(
        *("evaluate", "--benchmark", "kodak24", "--root", ".", "--method", "wiener"),
        *("--sigma", "10", "--sigma", "30", "--scores-only", "-o", "out"),
    )
    assert run.returncode == 0, run.stderr
    results = [read_json(path) for path in sorted((tmp_path / "out").glob("*.json"))]
    assert [result.settings["sigma"] for result in results] == [10, 30]
    assert not list((tmp_path / "out").rglob("*.png"))
    blind = restora_command(
        *("evaluate", "--benchmark", "kodak24", "--root", ".", "--method", "wiener", "--blind"),
        *("--sigma", "10", "-o", "out"),
    )
    assert "adaptive Wiener filter, estimated noise" in blind.stdout
    assert read_json(tmp_path / "out/kodak24-sigma-10-wiener-blind.json").settings["sigma"] == "estimated"


def test_several_benchmarks_print_each_and_their_mean(restora_command, tmp_path):
    for folder, shift in (("indoor", 10), ("outdoor", 20)):
        clean = picture(1)
        hazy = np.minimum(clean.astype(int) + shift, 255).astype(np.uint8)
        write(tmp_path / f"SOTS/{folder}/hazy/1_1.png", Photograph(hazy))
        write(tmp_path / f"SOTS/{folder}/gt/1.png", Photograph(clean))
    run = restora_command(
        *("evaluate", "--benchmark", "sots", "--root", ".", "--method", "input", "-o", "out"),
        *("--protocol", "rgb8"),
    )
    assert run.returncode == 0, run.stderr
    assert "mean of SOTS, protocol rgb8" in run.stdout
    means = [read_json(path).means["psnr"] for path in sorted((tmp_path / "out").glob("*.json"))]
    assert len(means) == 2
    assert f"{sum(means) / 2:.2f}" in run.stdout.split("mean of SOTS")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name one of --weights, --method and --images"),
        (("--method", "input", "--images", "x"), "name one of --weights, --method and --images"),
        (("--method", "magic"), "unknown method 'magic'; there are: input, bm3d"),
        (("--method", "input", "--protocol", "p"), "unknown protocol 'p'"),
        (("--method", "input", "--sigma", "3"), "rain100l: takes no --sigma"),
        (("--images", "nowhere"), "nowhere: is not a folder"),
    ],
)
def test_wrong_usage_is_one_line(restora_command, rain, arguments, words):
    run = restora_command(*RAIN, rain, *arguments)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_significance_of_two_methods(restora_command, rain):
    for method in ("input", "median"):
        restora_command(*RAIN, rain, "--method", method, "-o", "out")
    files = ("out/rain100l-input.json", "out/rain100l-median.json")
    run = restora_command("significance", *files)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("Rain100L, protocol derain-y8, 4 images: median 3 x 3 minus degraded input")
    assert run.stdout == restora_command("significance", *files).stdout
    found = json.loads(restora_command("significance", *files, "--json").stdout)
    assert [one["metric"] for one in found] == ["psnr", "ssim"]
    assert found[0]["low"] <= found[0]["mean"] <= found[0]["high"]


def test_tables_are_written_and_checked(restora_command, rain, tmp_path):
    restora_command(*RAIN, rain, "--method", "input", "-o", "out")
    assert restora_command("tables", "out", "-o", "r.md").stdout == "r.md\n"
    assert restora_command("tables", "out", "-o", "r.md", "--check").returncode == 0
    assert restora_command("tables", "out").stdout == (tmp_path / "r.md").read_text()
    (tmp_path / "r.md").write_text("26.9")
    run = restora_command("tables", "out", "-o", "r.md", "--check")
    assert run.returncode == 2
    assert "r.md: is not up to date; write it with restora tables out -o r.md" in run.stderr
    assert restora_command("tables", "nowhere").returncode == 2
    (tmp_path / "r.md").write_text("one\n<!-- restora tables: rain100l; input -->\n<!-- end -->\ntwo\n")
    restora_command("tables", "out", "-o", "r.md")
    text = (tmp_path / "r.md").read_text()
    assert text.startswith("one\n<!-- restora tables: rain100l; input -->\n")
    assert "| degraded input |" in text
    assert text.endswith("<!-- end -->\ntwo\n")
    assert restora_command("tables", "out", "-o", "r.md", "--check").returncode == 0


def test_a_submission_is_written_for_what_only_a_server_can_score(restora_command, tmp_path, monkeypatch):
    from scipy.io import loadmat, savemat

    monkeypatch.setattr("restora.evaluation.submissions.SIDD_SIDE", 8)
    noisy = np.random.default_rng(0).integers(0, 256, (40, 32, 8, 8, 3)).astype(np.uint8)
    savemat(tmp_path / "BenchmarkNoisyBlocksSrgb.mat", {"BenchmarkNoisyBlocksSrgb": noisy})

    class Weights:
        name = "mine"

        @staticmethod
        def restore(entry, degraded):
            return 1 - degraded

    monkeypatch.setattr("restora.commands.submit.weights_method", lambda *a, **k: Weights)
    run = restora_command("submit", "sidd", "--root", ".", "--weights", "mine", "--authors", "A")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["submission/SubmitSrgb.mat", "submission/SubmitSrgb.csv"]
    cells = loadmat(tmp_path / "submission/SubmitSrgb.mat")["DenoisedBlocksSrgb"]
    assert np.array_equal(cells[3, 5], 255 - noisy[3, 5])
    run = restora_command("evaluate", "--benchmark", "dnd", "--root", ".", "--method", "input")
    assert run.returncode == 2


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/b", "\x1b[31mred"])
def test_a_name_of_pictures_names_files_in_the_folder(restora_command, rain, tmp_path, name):
    pictures = rain / "Rain100L/test/input"
    run = restora_command(*RAIN, rain, "--images", pictures, "--name", name, "-o", "out")
    assert run.returncode == 2
    assert "names no file" in run.stderr
    assert "--name" in run.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("side", [7, 70_000, 10**30])
def test_local_statistics_are_of_crops_that_somebody_trains_on(restora_command, rain, side):
    run = restora_command(*RAIN, rain, "--weights", "derain-chair-tiny", "--local-statistics", side)
    assert run.returncode == 2
    assert "--local-statistics" in run.stderr
