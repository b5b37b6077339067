"""Camera raw files, by rawpy: a DNG made here is developed for real."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
from image_originals import box_of, dng_file, exif_block, pillow_file
from numpy.testing import assert_array_equal

from restora.errors import RestoraError
from restora.images import encode, losses, read, write
from restora.images.codecs import raw
from restora.images.formats import RAW

pytest.importorskip("rawpy")


def scene(side=64):
    """A gray wedge, in linear light."""
    return np.broadcast_to(np.linspace(50, 4000, side)[None, :, None], (side, side, 3)).astype(np.uint16)


@pytest.mark.parametrize("neutral", [(1, 2, 1), (2, 2, 2)])
def test_white_balance_of_the_camera_makes_gray_gray(tmp_path, neutral):
    path = tmp_path / "a.dng"
    path.write_bytes(dng_file(scene(), neutral))
    photograph = read(path)
    assert (photograph.depth, photograph.width, photograph.height) == ("16-bit", 64, 64)
    inside = photograph.pixels[8:-8, 8:-8].astype(float)
    assert (inside.max(axis=2) - inside.min(axis=2)).max() < 0.02 * 65535
    steps = np.diff(inside[..., 1].mean(axis=0))
    assert (steps > 0).all()
    linear = np.where(
        inside > 0.04045 * 65535, ((inside / 65535 + 0.055) / 1.055) ** 2.4, inside / 65535 / 12.92
    )
    ratio = linear[..., 1].mean(axis=0) / scene()[0, 8:-8, 1]
    assert ratio[:-8].std() < 0.03 * ratio.mean()  # the curve is that of sRGB


def test_exif_orientation_and_suffix(tmp_path):
    path = tmp_path / "a.dng"
    path.write_bytes(dng_file())
    photograph = read(path)
    assert (photograph.width, photograph.height, photograph.metadata.orientation) == (32, 24, 6)
    assert photograph.notes == (raw.NOTE,)
    assert losses("a.tif", photograph) == ()
    for name in ("b.tif", "b.png"):
        back = read(write(tmp_path / name, photograph))
        assert_array_equal(back.pixels, photograph.pixels)
        assert b"Zeiss" in back.metadata.exif
        assert b"nobody" in back.metadata.exif
        assert back.metadata.orientation == 6
    assert read(encode(photograph)).metadata.format == "TIFF"


def test_cfa_that_no_raw_decoder_knows(tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8), np.uint16), photometric="cfa")
    with pytest.raises(RestoraError, match=r"a\.tif: .*(not supported; develop it|damaged)"):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize("most", [24 * 32 - 1, 100])
def test_size_is_held_against_the_limit_before_anything_is_unpacked(tmp_path, monkeypatch, most):
    path = tmp_path / "a.dng"
    path.write_bytes(dng_file())
    assert read(path, max_pixels=24 * 32).width == 32
    with pytest.raises(RestoraError, match="32 x 24 are more than"):
        read(path, max_pixels=most)


def test_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("restora.images.formats.find_spec", lambda name: None)
    (tmp_path / "a.dng").write_bytes(dng_file())
    (tmp_path / "a.raf").write_bytes(b"FUJIFILMCCD-RAW 0201")
    for name in ("a.dng", "a.raf"):
        with pytest.raises(
            RestoraError, match=r"[Rr]aw.*, which needs another package; pip install 'restora\[formats\]'"
        ):
            read(tmp_path / name)


def test_exif_of_makers_who_put_it_elsewhere():
    """CR3 and RAF files cannot be made here: what surrounds their EXIF can."""
    block = exif_block()
    canon = box_of(b"moov", box_of(b"uuid", bytes(16), box_of(b"CMT1", block), box_of(b"CMT2", block)))
    found, _ = raw._described(box_of(b"ftyp", b"crx ") + canon)
    assert b"Zeiss" in found
    preview = pillow_file("JPEG", exif=b"Exif\0\0" + block)
    fuji = b"FUJIFILM".ljust(84, b"\0") + struct.pack(">II", 100, len(preview))
    assert raw._described(fuji.ljust(100, b"\0") + preview) == (block, None)
    assert raw._described(b"FUJIFILM") == raw._described(b"IIU\0") == (None, None)


@pytest.mark.parametrize("rows", [64, 1])
def test_light_that_ends_early_is_not_black(tmp_path, rows):
    """A decoder leaves what is missing of a compressed sensor black, and says so on the terminal alone."""
    light = scene().copy()
    light[-rows:] = 0
    path = tmp_path / "a.dng"
    path.write_bytes(dng_file(light))
    with pytest.raises(RestoraError, match="the file is cut short; get a complete copy from its source"):
        read(path)
    light[-rows:] = 4095  # as light as can be
    path.write_bytes(dng_file(light, (2, 2, 2)))
    assert read(path).width == 64


def test_jpeg_xl_in_a_dng_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / "a.dng"
    path.write_bytes(dng_file(scene(), compression="jpegxl_dng", compressionargs={"lossless": True}))
    with pytest.raises(
        RestoraError, match="a raw file compressed by JPEG XL is not supported; develop it to"
    ):
        read(path)


@pytest.mark.slow
def test_files_of_real_cameras():
    """Files named by the environment, which are too large, or not free enough, to come along."""
    folder = os.environ.get("RESTORA_RAW_FILES")
    if not folder:
        pytest.skip("RESTORA_RAW_FILES names no folder of camera raw files")
    found = [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in RAW.suffixes]
    assert found
    for path in found:
        photograph = read(path)
        assert (photograph.depth, photograph.metadata.format) == ("16-bit", "Raw"), path
        assert photograph.megapixels > 1, path
        low, high = np.percentile(photograph.pixels, [1, 99])
        assert high - low > 0.3 * 65535, path  # neither black nor white nor flat
        assert photograph.metadata.exif is not None, path
        back = read(encode(photograph, "tif"))
        assert_array_equal(back.pixels, photograph.pixels, strict=True)
