"""JPEG 2000; what every format promises is tested in ``test_writing.py`` and ``test_reading.py``."""

import struct

import imagecodecs
import numpy as np
import pytest
from image_originals import picture
from numpy.testing import assert_array_equal
from PIL import Image

from restora.errors import RestoraError
from restora.images import Metadata, read, write


def test_values_stay_those_of_their_profile(tmp_path, make_photograph):
    """OpenJPEG would convert them to sRGB, and the profile would then be wrong."""
    wide = imagecodecs.cms_profile("rgb", gamma=1.8)
    photograph = make_photograph("uint16", metadata=Metadata(icc=wide))
    back = read(write(tmp_path / "a.jp2", photograph))
    assert_array_equal(back.pixels, photograph.pixels)
    assert back.metadata.icc == wide


def test_another_program_reads_what_is_written(tmp_path, make_photograph, icc):
    photograph = make_photograph(alpha=True, metadata=Metadata(icc=icc, dpi=(300.0, 7000.0)))
    path = write(tmp_path / "a.jp2", photograph)
    assert read(path).metadata.dpi == pytest.approx((300.0, 7000.0), rel=0.001)
    with Image.open(path) as image:
        assert_array_equal(np.asarray(image), np.dstack([photograph.pixels, photograph.alpha]))


def test_twelve_bits_are_widened(tmp_path):
    stored = np.asarray(picture()).astype(np.uint16) << 4
    (tmp_path / "a.j2k").write_bytes(
        imagecodecs.jpeg2k_encode(stored, level=0, codecformat="j2k", bitspersample=12)
    )
    assert_array_equal(read(tmp_path / "a.j2k").pixels, np.rint(stored * (65535 / 4095)))


@pytest.mark.parametrize(
    ("place", "form", "value", "words"),
    [
        (8, ">I", 60_000_000, "60000000 x 24 are more than 500000000 pixels"),
        (24, ">II", (1, 1), "cut short"),
        (8, ">IIIIII", (320, 240, 0, 0, 1, 1), "a JPEG 2000 of 76800 tiles, which may be an attack on time"),
        (24, ">II", (0, 1), "its tiles make no sense"),
        (40, ">H", 9, "a JPEG 2000 of 9 channels is not supported"),
        (43, ">B", 2, "different depths or sizes"),
    ],
)
def test_header_that_asks_for_much(tmp_path, place, form, value, words):
    data = bytearray(imagecodecs.jpeg2k_encode(np.asarray(picture()), level=0, codecformat="j2k"))
    struct.pack_into(form, data, place, *(value if isinstance(value, tuple) else (value,)))
    (tmp_path / "a.j2k").write_bytes(data)
    with pytest.raises(RestoraError, match=words):
        read(tmp_path / "a.j2k")
