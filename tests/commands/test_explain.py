import numpy as np
import pytest

from restora.images import Photograph, read, write


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    return write(tmp_path / "photo.png", Photograph(pixels))


@pytest.mark.parametrize(
    ("what", "network", "size"),
    [
        ("receptive-field", "--weights=dehaze-chair-tiny", (120, 188)),
        ("neighbours", "--weights=denoise-real-kit-tiny", (240, 360)),
        ("offsets", "--model=derestormer/tiny", (784, 6 * 392)),
        ("channels", "--weights=dehaze-chair-tiny", None),
    ],
)
def test_each_is_drawn(tmp_path, photo, restora_command, what, network, size):
    run = restora_command("explain", what, "photo.png", network, "--at=40,30", "--at=5,6", "-o", "out.png")
    assert (run.returncode, run.stdout) == (0, "out.png\n"), run.stderr
    assert size is None or read(tmp_path / "out.png").pixels.shape[:2] == size


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["receptive-field"], "name one of --weights and --model"),
        (
            ["receptive-field", "--model=chair/tiny", "--at=90,0"],
            "--at 90,0: lies outside of the picture of 90 x 60",
        ),
        (["receptive-field", "--model=chair/tiny", "--at=here"], "--at here: write a column and a row"),
        (["neighbours", "--model=chair/tiny"], "neighbours are looked up by KiT alone"),
        (["offsets", "--model=chair/tiny"], "no deformable convolutions"),
    ],
)
def test_wrong_usage(photo, restora_command, arguments, words):
    run = restora_command("explain", arguments[0], "photo.png", *arguments[1:], "-o", "out.png")
    assert run.returncode == 2
    assert words in run.stderr
