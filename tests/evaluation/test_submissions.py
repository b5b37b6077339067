import base64
import csv
import sys

import numpy as np
import pytest
from scipy.io import loadmat

from restora.errors import RestoraError
from restora.evaluation.submissions import SiddSubmission, write_dnd_bundle, write_sidd_csv, write_sidd_mat

SIDE = 16


@pytest.fixture
def blocks(monkeypatch):
    """1,280 blocks, smaller than the server's, the corners each different."""
    monkeypatch.setattr("restora.evaluation.submissions.SIDD_SIDE", SIDE)
    base = np.arange(SIDE * SIDE * 3, dtype=np.uint32).astype(np.uint8).reshape(SIDE, SIDE, 3)
    found = [base] * 1280
    for number in (0, 1, 31, 32, 1279):
        found[number] = base.copy()
        found[number][0, 0] = number // 32, number % 32, 7
        found[number][3, 5] = 9, 8, 7
    return found


def test_the_matlab_file_of_sidd_reads_back(tmp_path, blocks):
    about = SiddSubmission("mine", authors="A and B", seconds_per_megapixel=0.25)
    path = write_sidd_mat(tmp_path / "new/SubmitSrgb.mat", blocks, about)
    content = loadmat(path, squeeze_me=False)
    cells = content["DenoisedBlocksSrgb"]
    assert (cells.shape, cells.dtype) == ((40, 32), object)
    for number in (0, 1, 31, 32, 500, 1279):
        cell = cells[number // 32, number % 32]
        assert cell.dtype == np.uint8
        assert np.array_equal(cell, blocks[number])
    assert content["TimeMPSrgb"].item() == 0.25
    assert content["OptionalData"]["MethodName"].item().item() == "mine"
    assert content["OptionalData"]["Authors"].item().item() == "A and B"


def test_the_csv_file_of_sidd_reads_back(tmp_path, blocks):
    path = write_sidd_csv(tmp_path / "SubmitSrgb.csv", blocks)
    csv.field_size_limit(10**6)
    with path.open(newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream)):
            assert int(row["ID"]) == number
            if number in (0, 1, 31, 32, 1279):
                read = np.frombuffer(base64.b64decode(row["BLOCK"]), np.uint8).reshape(SIDE, SIDE, 3)
                assert np.array_equal(read, blocks[number])
    assert number == 1279


def test_other_blocks_are_refused(tmp_path, blocks):
    with pytest.raises(RestoraError, match="takes 1280 blocks, got 3"):
        write_sidd_csv(tmp_path / "a.csv", blocks[:3])
    wrong = [*blocks[:-1], blocks[-1] / 255]
    with pytest.raises(RestoraError, match="block 1279 is float64"):
        write_sidd_mat(tmp_path / "a.mat", wrong, SiddSubmission("m"))
    assert list(tmp_path.iterdir()) == []


def test_the_server_s_blocks_are_of_256(tmp_path):
    with pytest.raises(RestoraError, match=r"block 0 is uint8 of shape \(16, 16, 3\); .* \(256, 256, 3\)"):
        write_sidd_csv(tmp_path / "a.csv", [np.zeros((16, 16, 3), np.uint8)] * 1280)


def crops(side=4):
    for photo in range(1, 51):
        for box in range(1, 21):
            yield f"{photo:04d}_{box:02d}", np.full((side, side, 3), (photo + box / 100) / 60 - 0.1)


def test_the_bundle_of_dnd_reads_back(tmp_path):
    files = write_dnd_bundle(tmp_path / "bundled", crops())
    assert [path.name for path in files] == [f"{n:04d}.mat" for n in range(1, 51)]
    content = loadmat(files[29], squeeze_me=True)
    assert content["Idenoised"].shape == (20,)
    assert content["Idenoised"][4].dtype == np.float32
    assert content["Idenoised"][4] == pytest.approx(np.full((4, 4, 3), 30.05 / 60 - 0.1))
    assert content["israw"] == 0
    assert content["eval_version"] == "1.0"
    assert loadmat(files[0], squeeze_me=True)["Idenoised"][0].min() == 0  # clamped


def test_missing_crops_of_dnd_are_named(tmp_path):
    some = [crop for crop in crops() if crop[0] != "0002_03"]
    with pytest.raises(RestoraError, match="crop 0002_03 was expected, 0002_04 came"):
        write_dnd_bundle(tmp_path, some)
    with pytest.raises(RestoraError, match="crop 0001_01 was expected, none came"):
        write_dnd_bundle(tmp_path, [])


def test_without_scipy_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(RestoraError, match=r"pip install 'restora\[benchmarks\]'"):
        write_dnd_bundle(tmp_path, crops())
