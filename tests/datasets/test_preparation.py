import numpy as np
import pytest

from restora.datasets.preparation import PUBLISHED, WHOLE, Preparation, published
from restora.datasets.sharp_windows import Window
from restora.errors import RestoraError


def test_published_numbers_of_windows_come_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "restora.datasets.sharp_windows._energies", lambda pixels: [float(pixels[0, 0, 0])] * 4
    )  # what counts is how many
    random = np.random.default_rng(0)
    gopro = random.integers(0, 255, (720, 1280, 3), dtype=np.uint8)
    assert 2103 * len(published("gopro").windows(gopro)) == 16_824
    dpdd = random.integers(0, 65535, (1120, 1680, 3), dtype=np.uint16)
    assert 350 * len(published("dpdd").windows(dpdd)) == 7_000
    assert published("sidd").crop - published("sidd").step == 128
    assert published("dfwb").crop - published("dfwb").step == 96


def test_small_images_stay_whole() -> None:
    photo = np.zeros((801, 800, 3), np.uint8)
    assert PUBLISHED["dfwb"].windows(photo) == [("", Window(0, 0, 801, 800))]
    assert len(PUBLISHED["dfwb"].windows(np.zeros((801, 801, 3), np.uint8))) == 4
    assert WHOLE.windows(photo) == [("", Window(0, 0, 801, 800))]


def test_names_say_which_window_of_the_grid_it_was() -> None:
    image = np.zeros((8, 16, 3), np.uint8)
    image[:, 8::2] = 255
    assert Preparation(8, 8, share=0.5).windows(image) == [("_s002", Window(0, 8, 8, 8))]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"crop": -1}, "must not be negative"),
        ({"crop": 8}, "need a step of at least 1, got 0"),
        ({"crop": 8, "step": 4, "share": 0.0}, r"in \(0, 1\], got 0.0"),
        ({"share": 0.5}, "give the side of the crops"),
    ],
)
def test_numbers_out_of_range_are_refused(numbers: dict, message: str) -> None:
    with pytest.raises(RestoraError, match=message):
        Preparation(**numbers)
    with pytest.raises(RestoraError, match="no preparation is published for 'x'; there are: gopro, sidd"):
        published("x")
