"""Pictures of few colours that came with a palette, and go back with one as long as they have few."""

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from PIL import Image

from restora.images import losses, read, write
from restora.images.palette import indexed, reduced


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_few_colours_lose_nothing(data):
    shape = data.draw(st.sampled_from([(300, 2), (5, 7), (5, 7, 3)]))
    pixels = data.draw(arrays(np.uint8, shape, elements=st.integers(0, 255)))
    alpha = data.draw(st.none() | arrays(np.uint8, shape[:2], elements=st.integers(0, 255)))
    found = indexed(pixels, alpha)
    rows = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    rows = np.dstack([rows, np.full(shape[:2], 255, np.uint8) if alpha is None else alpha])
    count = len(np.unique(rows.reshape(-1, 4), axis=0))
    assert (found is None) == (count > 256)
    if found is not None:
        numbers, colours = found
        assert len(colours) == count
        assert_array_equal(colours[numbers], rows, strict=True)


def test_many_colours_become_the_nearest_of_256(smooth):
    alpha = np.full(smooth.shape[:2], 255, np.uint8)
    alpha[:5] = 0
    numbers, colours = reduced(smooth, alpha, 256)
    assert len(colours) == 256
    assert_array_equal(colours[numbers][..., 3], alpha)
    assert np.abs(colours[numbers][5:, :, :3].astype(int) - smooth[5:]).mean() < 5
    assert indexed(smooth.astype(np.uint16)) is None


@pytest.mark.parametrize("colours", [2, 4, 16, 200])
@pytest.mark.parametrize("transparent", [False, True])
def test_png_with_a_palette_stays_one(tmp_path, transparent, colours):
    random = np.random.default_rng(0)
    image = Image.fromarray(random.integers(0, colours, (40, 50), np.uint8), "L")
    image.putpalette(random.integers(0, 255, (colours, 3), np.uint8).tobytes())
    options = {"transparency": bytes(range(colours))} if transparent else {}
    image.save(tmp_path / "a.png", **options)
    photograph = read(tmp_path / "a.png")
    path = tmp_path / "b.png"
    assert losses(path, photograph) == ()
    write(path, photograph)
    with Image.open(tmp_path / "a.png") as before, Image.open(path) as after:
        assert after.mode == "P"
        assert_array_equal(np.asarray(before.convert("RGBA")), np.asarray(after.convert("RGBA")))
    assert path.read_bytes()[24:26] == (tmp_path / "a.png").read_bytes()[24:26]  # bits and kind of colour
    assert path.stat().st_size <= 1.05 * (tmp_path / "a.png").stat().st_size
    back = read(path)
    assert_array_equal(back.pixels, photograph.pixels, strict=True)
    assert back.metadata == photograph.metadata


def test_tiff_with_a_palette_stays_one(tmp_path):
    random = np.random.default_rng(0)
    numbers = random.integers(0, 256, (20, 30), np.uint8)
    table = random.integers(0, 256, (3, 256)).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="palette", colormap=table, compression="lzw")
    photograph = read(tmp_path / "a.tif")
    path = write(tmp_path / "b.tif", photograph)
    with tifffile.TiffFile(path) as tiff:
        (page,) = tiff.pages
        assert (page.photometric, page.compression) == (3, 5)
        assert_array_equal(page.asrgb() >> 8, photograph.pixels)
    assert_array_equal(read(path).pixels, photograph.pixels, strict=True)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_more_colours_than_a_palette_holds_are_kept_and_its_loss_is_named(tmp_path, smooth, suffix):
    Image.fromarray(smooth).convert("P").save(tmp_path / f"a{suffix}")
    photograph = read(tmp_path / f"a{suffix}").with_pixels(smooth)
    path = tmp_path / f"b{suffix}"
    words = "its palette given up, because there are more colours now than one holds; the file is larger"
    assert losses(path, photograph) == (words,)
    assert_array_equal(read(write(path, photograph)).pixels, smooth, strict=True)
    assert losses(tmp_path / "b.bmp", photograph) == ()  # nobody expects one there
