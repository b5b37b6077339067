from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from restora.datasets import Pack


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Rain100L in miniature, in the layout of its repackagers."""
    random = np.random.default_rng(0)
    for kind in ("input", "target"):
        (tmp_path / "train" / kind).mkdir(parents=True)
        for number in range(3):
            pixels = random.integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "train" / kind / f"{number}.png")
    return tmp_path / "train"


def test_photographs(restora_command, data: Path) -> None:
    run = restora_command("pack", data / "target", "-o", "photos.pack")
    assert run.returncode == 0, run.stderr
    assert run.stdout == "photos.pack\n"
    assert "3 photographs of 3 originals (whole images)" in run.stderr
    pack = Pack(data.parent / "photos.pack")
    assert pack.names == ("0.png", "1.png", "2.png")
    assert pack.index.title == "target"
    for name, photograph in zip(pack.names, pack.photographs(), strict=True):
        np.testing.assert_array_equal(photograph, np.asarray(Image.open(data / "target" / name)))
    again = restora_command("pack", data / "target", "-o", "photos.pack")
    assert again.returncode == 0


def test_two_folders_with_crops(restora_command, data: Path) -> None:
    arguments = ("--crop", 16, "--sharpest", 0.5, "-o", "x", "--workers", 1)
    run = restora_command("pack", data / "input", "--target", data / "target", *arguments)
    assert run.returncode == 0, run.stderr
    assert "6 pairs of 3 originals (crops of 16, step 8, the sharpest 50% of each image)" in run.stderr
    assert {pair.degraded.shape for pair in Pack(data.parent / "x").pairs()} == {(16, 16, 3)}


def test_a_benchmark_as_published(restora_command, data: Path) -> None:
    random = np.random.default_rng(1)
    for kind in ("input", "target"):  # two rows and two columns of windows of 512 pixels
        pixels = random.integers(0, 256, (600, 560, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(data / kind / "1.png")
    arguments = ("--benchmark", "rain100l", "--published", "gopro", "-o", "rain.pack")
    run = restora_command("pack", data.parent, *arguments)
    assert run.returncode == 0, run.stderr
    assert "6 pairs of 3 originals (crops of 512, step 256)" in run.stderr
    pack = Pack(data.parent / "rain.pack")
    assert (pack.index.title, pack.index.kind) == ("Rain100L train", "pairs")
    assert pack.names == ("0_s001", "1_s001", "1_s002", "1_s003", "1_s004", "2_s001")
    corners = [(0, 0), (0, 48), (88, 0), (88, 48)]
    for (top, left), pair in zip(corners, pack.pairs()[1:5], strict=True):
        for kind, found in (("input", pair.degraded), ("target", pair.clean)):
            whole = np.asarray(Image.open(data / kind / "1.png"))
            np.testing.assert_array_equal(found, whole[top : top + 512, left : left + 512])


def test_a_corrupt_file_is_fatal_or_left_out(restora_command, data: Path) -> None:
    (data / "target" / "1.png").write_bytes(b"")
    run = restora_command("pack", data / "target", "-o", "p")
    assert run.returncode == 2
    assert "1.png: is empty" in run.stderr
    run = restora_command("pack", data / "target", "-o", "p", "--corrupt", "skip")
    assert run.returncode == 0
    assert "1.png: is empty" in run.stderr
    assert "2 photographs of 3 originals (whole images)" in run.stderr
    assert "1 left out" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--split", "train"), "about a --benchmark"),
        (("--target", "train/target", "--benchmark", "rain100l"), "leave one out"),
        (("--published", "gopro", "--crop", "8"), "says all about crops"),
        (("--published", "x"), "no preparation is published for 'x'"),
        (("--sharpest", "0.5"), "give the side of the crops"),
        (("more", "--target", "train/target"), "pairs come from one folder"),
    ],
)
def test_contradictions_are_usage_errors(restora_command, data: Path, arguments, message: str) -> None:
    run = restora_command("pack", data / "input", *arguments, "-o", "p")
    assert run.returncode == 2
    assert message in run.stderr
    assert not (data.parent / "p").exists()
