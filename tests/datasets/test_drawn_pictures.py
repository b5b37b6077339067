from pathlib import Path

import numpy as np
import PIL
import pytest

from restora.datasets import PhotoCrops
from restora.datasets.drawn_pictures import drawn_picture, find_fonts, line_art, page_of_text
from restora.errors import RestoraError


@pytest.mark.parametrize("draw", [drawn_picture, page_of_text, line_art])
def test_what_is_drawn_follows_from_the_generator_and_has_edges(draw):
    pictures = [draw(np.random.default_rng(seed), 64) for seed in (1, 2, 2)]
    assert all(picture.shape == (64, 64, 3) and picture.dtype == np.uint8 for picture in pictures)
    assert np.array_equal(pictures[1], pictures[2])
    assert not np.array_equal(pictures[0], pictures[1])
    spans = [np.ptp(draw(np.random.default_rng(seed), 64)) for seed in range(20)]
    assert np.median(spans) > 80


def test_line_art_takes_colours_of_the_whole_range():
    pictures = np.stack([line_art(np.random.default_rng(seed), 48) for seed in range(40)])
    assert pictures.min() < 5
    assert pictures.max() > 250


def test_fonts_are_found_and_those_that_cannot_be_used_are_left_out(tmp_path):
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(RestoraError, match=r"holds no fonts .* that can be used"):
        find_fonts(tmp_path)
    own = sorted(Path(PIL.__file__).parent.parent.rglob("DejaVuSans.ttf"))
    if not own:
        pytest.skip("no font file is installed beside Python's packages")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/sans.ttf").write_bytes(own[0].read_bytes())
    (found,) = find_fonts(tmp_path)
    assert found.name == "sans.ttf"
    assert page_of_text(np.random.default_rng(0), 64, (found,)).std() > 5


def crops(**drawing):
    half = np.full((64, 128, 3), 128, np.uint8)
    half[:, 96:] = np.random.default_rng(0).integers(0, 256, (64, 32, 3))
    return PhotoCrops([half], patch=16, reduction=1.0, **drawing)


def spread(source, count=200):
    return np.array([source[number].std().item() for number in range(count)])


def test_flat_crops_are_drawn_again_as_often_as_is_asked():
    flat = [(spread(crops(flat=share)) < 0.02).mean() for share in (0.0, 0.5, 1.0)]
    assert flat[0] > 0.6
    assert flat[0] > flat[1] + 0.1
    assert flat[1] > flat[2] + 0.1
    assert flat[2] < 0.1


def test_a_photograph_that_is_flat_throughout_still_gives_crops():
    source = PhotoCrops([np.full((32, 32, 3), 7, np.uint8)], patch=16, flat=1.0)
    assert source[0].std() == 0


def test_drawn_crops_take_the_place_of_photographs():
    photographs = spread(crops())
    assert np.array_equal(photographs, spread(crops(drawn=0.0, flat=0.0)))
    drawn = spread(crops(drawn=0.5))
    assert (drawn < 0.02).mean() < (photographs < 0.02).mean() - 0.2
    assert np.array_equal(drawn, spread(crops(drawn=0.5)))
