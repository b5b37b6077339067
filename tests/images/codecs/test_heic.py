"""HEIC, by pillow-heif; what every format promises is tested in ``test_writing.py`` and ``test_reading.py``."""

import numpy as np
import pytest
from image_originals import TURNED, UPRIGHT, avif_file, exif_block, heic_file, picture
from numpy.testing import assert_array_equal

from restora.errors import RestoraError
from restora.images import Metadata, losses, read, write
from restora.images.metadata import StillEncoding

pytest.importorskip("pillow_heif")


@pytest.mark.parametrize("bits", [10, 12])
def test_ten_and_twelve_bits_are_widened_and_come_back(tmp_path, bits):
    path = tmp_path / "a.heic"
    path.write_bytes(heic_file(bits=bits, quality=-1, chroma=444, matrix_coefficients=0))
    photograph = read(path)
    stored = np.asarray(picture()).astype(np.uint16) << (bits - 8)
    assert_array_equal(photograph.pixels, np.rint(stored * (65535 / (2**bits - 1))).astype(np.uint16))
    assert photograph.metadata.encoding == StillEncoding(lossless=True, bits=bits, subsampling="4:4:4")
    assert losses("b.heic", photograph) == ()
    back = read(write(tmp_path / "b.heic", photograph))
    assert_array_equal(back.pixels, photograph.pixels, strict=True)
    assert back.metadata.encoding == photograph.metadata.encoding


def test_telephones_turn_pictures_and_say_so_twice(tmp_path):
    """libheif turns the picture, so that EXIF's orientation would turn it once more."""
    path = tmp_path / "a.heic"
    path.write_bytes(
        heic_file(quality=-1, chroma=444, matrix_coefficients=0, exif=b"Exif\0\0" + exif_block())
    )
    photograph = read(path)
    assert_array_equal(photograph.pixels, np.rot90(np.asarray(picture()), -1))
    assert photograph.metadata.orientation == 1
    assert photograph.metadata.exif == exif_block().replace(TURNED, UPRIGHT)


def test_loss_stays_as_it_was(tmp_path):
    path = tmp_path / "a.heic"
    path.write_bytes(heic_file(quality=90, chroma=420))
    photograph = read(path)
    assert photograph.metadata.encoding == StillEncoding(lossless=False, bits=8, subsampling="4:2:0")
    back = read(write(tmp_path / "b.heic", photograph))
    assert back.metadata.encoding == photograph.metadata.encoding
    assert np.abs(back.pixels.astype(int) - photograph.pixels).mean() < 3


@pytest.mark.parametrize("make", [heic_file, avif_file], ids=["heic", "avif"])
def test_colour_space_by_numbers_travels_and_is_named_where_it_is_lost(tmp_path, make):
    path = tmp_path / "a"
    names = (
        {"color_primaries": 9, "transfer_characteristics": 16}
        if make is heic_file
        else {"primaries": 9, "transfer": 16}
    )
    path.write_bytes(make(bits=10, **names))
    photograph = read(path)
    assert photograph.metadata.cicp == (9, 16)
    assert photograph.notes == ("high dynamic range (BT.2020 primaries, PQ transfer) taken as it is stored",)
    for suffix in ("png", "avif", "heic"):
        assert losses(f"a.{suffix}", photograph) == ()
        assert read(write(tmp_path / f"b.{suffix}", photograph)).metadata.cicp == (9, 16)
    assert losses("a.tif", photograph) == (
        "the colour space (BT.2020 primaries, PQ transfer) left out, because TIFF cannot hold it",
    )


def test_heic_holds_a_profile_or_a_colour_space(tmp_path, make_photograph, icc):
    photograph = make_photograph(metadata=Metadata(icc=icc, cicp=(12, 13)))
    assert losses("a.heic", photograph) == (
        "the colour space (Display P3 primaries, sRGB transfer) left out, because HEIC holds it or a colour profile",
    )
    assert losses("a.avif", photograph) == ()
    back = read(write(tmp_path / "a.avif", photograph)).metadata
    assert (back.icc, back.cicp) == (icc, (12, 13))


@pytest.mark.parametrize("name", ["a.avif", "a.heic"])
def test_picture_larger_than_its_limit_is_refused_before_it_is_decoded(
    tmp_path, name, make_photograph, monkeypatch
):
    path = write(tmp_path / name, make_photograph())
    for decoder in ("imagecodecs.avif_decode", "pillow_heif.heif.HeifImage.load"):
        monkeypatch.setattr(decoder, lambda *_: pytest.fail("was decoded"))
    with pytest.raises(RestoraError, match="13 x 9 are more than 100 pixels"):
        read(path, max_pixels=100)
