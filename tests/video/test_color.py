import av
import numpy as np
import pytest
from films import panning
from numpy.testing import assert_allclose, assert_array_equal

from restora.errors import RestoraError
from restora.video.clip import layout_of
from restora.video.codecs import frame_of
from restora.video.color import BT601, BT709, BT2020, RGB, ColorLayout, enlarged, likely_matrix, shrunk

# 75 % colour bars: values of ITU-R BT.601 and BT.709, 8 bits, narrow range
BARS = {
    (BT601, (0.75, 0.75, 0.75)): (180, 128, 128),
    (BT601, (0.75, 0, 0)): (65, 100, 212),
    (BT601, (0, 0.75, 0)): (112, 72, 58),
    (BT601, (0, 0, 0.75)): (35, 212, 114),
    (BT709, (0.75, 0, 0)): (51, 109, 212),
    (BT709, (0, 0.75, 0)): (133, 63, 52),
    (BT709, (0, 0, 0.75)): (28, 212, 120),
}


@pytest.mark.parametrize(("matrix", "rgb"), BARS)
def test_colour_bars_have_the_values_of_the_standards(matrix, rgb):
    layout = ColorLayout(3, 8, False, matrix)
    planes = layout.from_rgb(np.full((2, 2, 3), rgb, np.float32))
    assert tuple(int(plane[0, 0]) for plane in planes) == BARS[matrix, rgb]
    assert_allclose(layout.to_rgb(planes)[0, 0], rgb, atol=1.5 / 219)


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [RGB, BT601, BT709, BT2020])
def test_every_colour_comes_back_within_rounding(matrix, full, depth):
    layout = ColorLayout(3, depth, full, matrix)
    image = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    planes = layout.from_rgb(image)
    assert {plane.dtype for plane in planes} == {layout.dtype}
    # Half a level of each plane, by the largest weights of the inverse matrix.
    assert_allclose(
        layout.to_rgb(planes), image, atol=1.6 / ((1 if full else 219 / 255) * (2**depth - 1)) + 1e-6
    )


def test_white_and_black_of_both_ranges():
    for full, low, high in ((False, 64, 940), (True, 0, 1023)):
        layout = ColorLayout(3, 10, full, BT2020, (2, 2))
        planes = layout.from_rgb(np.array([[[0, 0, 0], [0, 0, 0], [1, 1, 1], [1, 1, 1]]] * 2, np.float32))
        assert planes[0][0].tolist() == [low, low, high, high]
        assert_array_equal(planes[1], 512)


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "yuv444p12le", "gbrp10le", "gray", "yuv411p"])
def test_what_is_not_changed_stays_bit_for_bit(name):
    layout = layout_of(name, {"color_range": 1, "colorspace": 1}, 1080)
    width, height = 46, 30
    kind = av.VideoFormat(name, width, height)
    rng = np.random.default_rng(0)
    planes = tuple(
        rng.integers(0, 2**layout.depth, (part.height, part.width)).astype(layout.dtype)
        for part in kind.components
    )  # values beyond black and white, too
    image = layout.to_rgb(planes)
    for before, after in zip(planes, layout.changed(planes, np.zeros_like(image)), strict=True):
        assert_array_equal(before, after)
    brighter = layout.changed(planes, np.full_like(image, 0.01))
    assert brighter[0].mean() > planes[0].mean()


@pytest.mark.parametrize("matrix", [5, 1, 9])
@pytest.mark.parametrize("full", [False, True])
def test_rgb_agrees_with_another_converter(matrix, full):
    tags = {"color_range": 2 if full else 1, "colorspace": matrix}
    layout = layout_of("yuv444p10le", tags, 1080)
    planes = layout.from_rgb(next(panning(1)))
    frame = frame_of(planes, "yuv444p10le")
    frame.colorspace, frame.color_range = matrix, tags["color_range"]
    theirs = frame.reformat(format="gbrp10le", src_colorspace=matrix, interpolation="BICUBIC")
    green, blue, red = (
        np.frombuffer(memoryview(plane), np.uint16).reshape(64, -1)[:, :96] for plane in theirs.planes
    )
    assert_allclose(
        np.stack([red, green, blue], 2) / 1023, layout.to_rgb(planes).clip(0, 1), atol=4 / 1023
    )  # it truncates


@pytest.mark.parametrize("shrink", [(2, 2), (2, 1), (4, 1), (1, 2)])
def test_chroma_lies_between_the_rows_and_on_the_columns_of_luma(shrink):
    across, down = shrink
    y, x = np.mgrid[0:32, 0:32].astype(np.float32)
    for ramp in (x, y):
        small = shrunk(ramp, shrink)
        rows, columns = np.mgrid[0 : 32 // down, 0 : 32 // across]
        wanted = columns * across if ramp is x else rows * down + (down - 1) / 2
        inside = (slice(2, -2), slice(2, -2))
        assert_allclose(small[inside], wanted[inside], atol=1e-4)
        edges = (slice(4, -4), slice(8, -8))
        assert_allclose(enlarged(small, ramp.shape, shrink)[edges], ramp[edges], atol=1e-3)


def test_matrices_that_are_no_weighted_sums_are_refused():
    with pytest.raises(RestoraError, match="matrix"):
        layout_of("yuv420p", {"color_range": 1, "colorspace": 14}, 1080)


def test_matrix_of_a_film_that_does_not_say():
    assert (likely_matrix(2, 480), likely_matrix(2, 1080), likely_matrix(9, 480)) == (BT601, BT709, BT2020)
