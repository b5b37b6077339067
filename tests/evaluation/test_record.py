import csv
import json
import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.errors import RestoraError
from restora.evaluation.record import Evaluation, ImageScores, read_json, write_csv, write_json

SCORES = (
    ImageScores("b, c/1", {"psnr": 30.123456789, "ssim": 0.9}),
    ImageScores("a", {"psnr": 20.0, "ssim": 0.5}),
)


def evaluation(images=SCORES, **fields):
    usual = {
        "benchmark": "rain100l",
        "title": "Rain100L",
        "split": "test",
        "variant": "",
        "protocol": "derain-y8",
        "protocol_description": "luma",
        "method": "mine",
        "kind": "weights",
        "settings": {"tile": None, "ensemble": False, "sigma": 25.0},
        "images": images,
        "published_pairs": 100,
        "remarks": ("two pairs",),
        "versions": {"restora": "1"},
        "weights_sha256": "ab",
        "card": {"name": "mine", "scores": [{"psnr": 3.0}]},
    }
    return Evaluation(**(usual | fields))


def test_json_comes_back_equal_and_says_the_means(tmp_path):
    path = write_json(tmp_path / "new/folder/e.json", evaluation())
    assert read_json(path) == evaluation()
    content = json.loads(path.read_text())
    assert content["means"] == {"psnr": (30.123456789 + 20) / 2, "ssim": 0.7}
    first = path.read_bytes()
    assert write_json(path, read_json(path)).read_bytes() == first
    assert [p.name for p in path.parent.iterdir()] == ["e.json"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9) | st.just(math.inf), min_size=1, max_size=4))
def test_every_score_comes_back_to_the_last_bit(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("scores")
    one = evaluation(tuple(ImageScores(f"é{i}", {"psnr": v}) for i, v in enumerate(values)))
    assert read_json(write_json(folder / "e.json", one)).images == one.images
    head, *rows, mean = csv.reader(write_csv(folder / "e.csv", one).read_text(encoding="utf-8").splitlines())
    assert (head, mean[0]) == (["image", "psnr"], "mean")
    assert tuple(ImageScores(name, {"psnr": float(value)}) for name, value in rows) == one.images


def test_records_of_the_first_releases_are_read_by_their_words(tmp_path):
    path = write_json(tmp_path / "e.json", evaluation(kind="baseline"))
    old = path.read_text().replace('"kind": "baseline"', '"kind": "peer"')
    assert old != path.read_text()
    path.write_text(old)
    assert read_json(path) == evaluation(kind="baseline")


def test_equal_images_have_an_infinite_score_in_strict_json(tmp_path):
    path = write_json(tmp_path / "e.json", evaluation((ImageScores("a", {"psnr": math.inf}),)))
    assert "Infinity" not in path.read_text()
    assert read_json(path).means == {"psnr": math.inf}


def test_images_are_ranked_from_the_worst():
    assert [image.name for image in evaluation().ranked()] == ["a", "b, c/1"]
    with pytest.raises(RestoraError, match="has no metric 'mae'; there are: psnr, ssim"):
        evaluation().values("mae")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is no evaluation"),
        ('{"format": 2}', "of format 2, known is 1; update restora"),
        ('{"format": 1, "benchmark": 3}', r"is no evaluation \(benchmark: "),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, text, words):
    (tmp_path / "e.json").write_text(text)
    with pytest.raises(RestoraError, match=words) as error:
        read_json(tmp_path / "e.json")
    assert "\n" not in str(error.value)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "e.json")
    with pytest.raises(RestoraError, match=r"e\.json: is no regular file"):
        read_json(tmp_path / "e.json")


def test_missing_files_and_metrics_are_named(tmp_path):
    with pytest.raises(RestoraError, match=r"e\.json: cannot be read"):
        read_json(tmp_path / "e.json")
    with pytest.raises(RestoraError, match="a has other metrics than b, c/1"):
        evaluation((SCORES[0], ImageScores("a", {"psnr": 1.0})))
    with pytest.raises(RestoraError, match="at least one image"):
        evaluation(())
