"""JPEG XL; what every format promises is tested in ``test_writing.py`` and ``test_reading.py``."""

import imagecodecs
import numpy as np
import pytest
from image_originals import picture
from numpy.testing import assert_array_equal

from restora.images import Metadata, Photograph, losses, read, write
from restora.images.codecs.jpeg_xl import read_header
from restora.images.metadata import StillEncoding

pytest.importorskip("pillow_jxl")


@pytest.mark.parametrize("size", [(1, 1), (8, 16), (24, 32), (300, 200), (90, 160), (7, 9000), (513, 513)])
def test_size_is_known_from_the_header(size):
    data = imagecodecs.jpegxl_encode(np.zeros((*size, 3), np.uint8), lossless=True)
    header = read_header(bytes(data))
    assert (header.width, header.height, header.is_plain) == (size[1], size[0], True)


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float16"])
def test_all_depths_are_read_with_their_profile(tmp_path, dtype):
    pixels = np.asarray(picture()).astype(dtype) * (257 if dtype == "uint16" else 1 / 128)
    pixels = pixels.astype(dtype)
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(pixels, lossless=True))
    photograph = read(tmp_path / "a.jxl")
    assert_array_equal(photograph.pixels, pixels)
    assert photograph.pixels.dtype == ("uint16" if dtype == "uint16" else "float32")
    assert "RGB_D65_SRG_Rel_Lin".encode("utf-16-be") in photograph.metadata.icc
    assert dtype == "uint16" or photograph.pixels.max() > 1


def test_other_profiles_are_converted_and_named(tmp_path, smooth):
    (tmp_path / "linear.jxl").write_bytes(imagecodecs.jpegxl_encode(smooth.astype(np.uint16), lossless=True))
    photograph = Photograph(smooth, metadata=Metadata(icc=read(tmp_path / "linear.jxl").metadata.icc))
    assert losses("a.jxl", photograph) == (
        "colours converted to sRGB, because no colour profile is written into JPEG XL",
    )
    back = read(write(tmp_path / "a.jxl", photograph))
    assert back.metadata.icc is None
    assert back.pixels[24, 32].mean() > smooth[24, 32].mean() + 20  # linear light is brighter than it looks


@pytest.mark.parametrize(("options", "lossless"), [({"lossless": True}, True), ({"level": 90}, False)])
def test_loss_stays_as_it_was(tmp_path, options, lossless):
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(np.asarray(picture()), **options))
    photograph = read(tmp_path / "a.jxl")
    back = read(write(tmp_path / "b.jxl", photograph))
    assert photograph.metadata.encoding == back.metadata.encoding == StillEncoding(lossless, 8)
    assert np.array_equal(back.pixels, photograph.pixels) == lossless
