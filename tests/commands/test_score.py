import json

import numpy as np
import pytest

from restora.images import Photograph, write
from restora.metrics import NO_REFERENCE


@pytest.fixture(autouse=True)
def photos(tmp_path, monkeypatch):
    monkeypatch.setitem(NO_REFERENCE, "niqe", lambda image: float(image.mean()))
    monkeypatch.setitem(NO_REFERENCE, "brisque", lambda image: float(image.shape[0]))
    for name, level in (("a.png", 51), ("b.png", 102)):
        write(tmp_path / name, Photograph(np.full((4, 5), level, np.uint8)))


def test_every_picture_gets_a_line_with_all_scores(restora_command):
    run = restora_command("score", "a.png", "b.png")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines() == ["a.png: niqe 0.200, brisque 4.000", "b.png: niqe 0.400, brisque 4.000"]


def test_json_has_an_object_a_line(restora_command, tmp_path):
    run = restora_command("score", ".", "--metric", "niqe", "--json")
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(row["source"], round(row["niqe"], 4)) for row in rows] == [("a.png", 0.2), ("b.png", 0.4)]
    assert list(rows[0]) == ["source", "niqe"]


def test_a_bad_file_does_not_stop_the_others(restora_command, tmp_path):
    (tmp_path / "aa.png").write_bytes(b"words")
    run = restora_command("score", ".", "--metric", "niqe")
    assert run.returncode == 1
    assert len(run.stdout.splitlines()) == 2
    assert run.stderr.startswith("restora: aa.png: is not an image")


def test_an_unknown_score_is_refused(restora_command):
    run = restora_command("score", "a.png", "--metric", "psnr")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "restora: unknown score 'psnr'; there are: niqe, brisque\n"
