import numpy as np
import pytest

from restora.errors import RestoraError
from restora.evaluation.figure_crops import Crop, differing_crops


@pytest.mark.parametrize("words", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1.5,2,3,4"])
def test_what_is_no_crop_is_explained(words):
    with pytest.raises(RestoraError, match="must be x,y,width,height in whole pixels"):
        Crop.parse(words)


def test_an_empty_crop_is_refused():
    with pytest.raises(RestoraError, match="at least 1 pixel"):
        Crop.parse("1,1,0,4")


def test_a_crop_outside_names_the_limits():
    Crop(4, 2, 6, 8).check(10, 10)
    with pytest.raises(
        RestoraError, match=r"5,2,6,8: reaches outside .* 10x10; x may be 0 to 4 and y 0 to 2"
    ):
        Crop(5, 2, 6, 8).check(10, 10)
    with pytest.raises(RestoraError, match="outside"):
        Crop(-1, 0, 2, 2).check(10, 10)


def test_cutting_and_words_are_the_rectangle():
    image = np.arange(100).reshape(10, 10)
    assert Crop.parse(" 3,1,2,2").of(image).tolist() == [[13, 14], [23, 24]]
    assert str(Crop.parse("3,1,2,2")) == "3,1,2,2"


def test_crops_lie_where_images_differ():
    first = np.zeros((200, 300, 3), np.float32)
    second = first.copy()
    second[20:60, 200:240] = 0.5
    second[120:160, 40:80] = 1
    assert differing_crops([first, second]) == (Crop(40, 120, 40, 40), Crop(200, 20, 40, 40))


def test_the_input_does_not_decide_between_methods():
    clean = np.zeros((100, 100, 3), np.float32)
    noisy = clean.copy()
    noisy[:30, :30] = 1
    restored = clean.copy()
    restored[70:90, 60:80] = 0.1
    assert differing_crops([noisy, restored, clean], 1) == (Crop(60, 70, 20, 20),)


@pytest.mark.parametrize(("size", "count"), [((1, 1), 1), ((5, 100), 2), ((24, 24), 1)])
def test_small_pictures_have_fewer_crops_inside(size, count):
    images = [np.zeros((*size, 3), np.float32), np.ones((*size, 3), np.float32)]
    crops = differing_crops(images)
    assert len(crops) == count
    for crop in crops:
        crop.check(size[1], size[0])
