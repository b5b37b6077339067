import struct

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from restora.errors import RestoraError
from restora.images import Metadata, Photograph, read, write
from restora.images.metadata import JpegEncoding, WebpEncoding


@pytest.mark.parametrize("alpha", [False, True])
def test_other_readers_see_the_pixels_written(tmp_path, make_photograph, alpha):
    photograph = make_photograph(alpha=alpha)
    path = write(tmp_path / "a.webp", photograph)
    expected = np.dstack([photograph.pixels, photograph.alpha]) if alpha else photograph.pixels
    with Image.open(path) as image:
        assert_array_equal(np.asarray(image), expected)
    order = [2, 1, 0, 3][: expected.shape[2]]
    assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), expected[..., order])


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [True, False])
def test_files_of_another_writer(tmp_path, smooth, mode, lossless):
    image = Image.fromarray(smooth).convert("RGB")
    if mode == "RGBA":
        image.putalpha(Image.fromarray(smooth[..., 0]))
    image.save(tmp_path / "a.webp", lossless=lossless)
    photograph = read(tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as other:
        expected = np.asarray(other.convert(mode))
    assert photograph.metadata.encoding == WebpEncoding(lossless)
    # libwebp turns YCbCr to RGB with or without smoothing of colour, as the caller likes
    difference = np.abs(photograph.pixels.astype(int) - expected[..., :3]).max()
    assert difference == 0 if lossless else difference <= 4
    assert (photograph.alpha is None) == (mode == "RGB")
    if photograph.alpha is not None:
        assert_array_equal(photograph.alpha, expected[..., 3], strict=True)


@pytest.mark.parametrize("lossless", [True, False])
def test_first_frame_of_an_animation(tmp_path, smooth, lossless):
    frames = [Image.fromarray(smooth), Image.fromarray(smooth[::-1].copy())]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=lossless)
    photograph = read(tmp_path / "a.webp")
    assert photograph.notes == ("frame 1 of 2 used",)
    assert photograph.metadata.encoding == WebpEncoding(lossless)
    difference = np.abs(photograph.pixels.astype(int) - smooth)
    assert difference.mean() < (1e-9 if lossless else 3)


def test_photograph_from_a_jpeg_stays_lossy_and_quality_rules(tmp_path, smooth):
    source = JpegEncoding(((1,) * 64,))
    sizes = []
    for quality in (None, 95, 30):
        photograph = Photograph(smooth, metadata=Metadata(encoding=source))
        path = write(tmp_path / f"{quality}.webp", photograph, quality=quality)
        assert read(path).metadata.encoding == WebpEncoding(lossless=False)
        sizes.append(path.stat().st_size)
    assert sizes[0] == sizes[1] > sizes[2]


def test_another_reader_sees_all_metadata(tmp_path, make_photograph, icc, exif_block, xmp):
    metadata = Metadata(icc=icc, exif=exif_block(), xmp=xmp, dpi=(300.0, 150.0), orientation=8)
    with Image.open(write(tmp_path / "a.webp", make_photograph(metadata=metadata))) as image:
        exif = image.getexif()
        assert (exif[274], exif[272], exif[282], exif[283]) == (8, "Ikonta 521", 300, 150)
        assert image.info["icc_profile"] == icc
        assert image.info["xmp"] == xmp


def test_resolution_beyond_what_exif_holds(tmp_path, make_photograph):
    path = write(tmp_path / "a.webp", make_photograph(metadata=Metadata(dpi=(5e7, 100.0))))
    assert read(path).metadata.dpi == pytest.approx((2**32 / 1000, 100), rel=1e-6)


def test_container_that_contradicts_its_picture(tmp_path, make_photograph, xmp):
    path = write(tmp_path / "a.webp", make_photograph(metadata=Metadata(xmp=xmp)))
    data = bytearray(path.read_bytes())
    data[data.index(b"VP8X") + 12] += 1
    path.write_bytes(data)
    with pytest.raises(RestoraError, match="the file is damaged"):
        read(path)


def test_container_without_a_picture(tmp_path):
    (tmp_path / "a.webp").write_bytes(b"RIFF" + struct.pack("<I", 16) + b"WEBPXMP \4\0\0\0abcd")
    with pytest.raises(RestoraError, match="it holds no picture"):
        read(tmp_path / "a.webp")


def test_chunks_that_are_left_out_are_named(tmp_path, make_photograph):
    path = write(tmp_path / "a.webp", make_photograph(metadata=Metadata(xmp=b"<x/>")))
    data = path.read_bytes() + b"\x1bABC\2\0\0\0xx"
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    assert read(path).notes == (r"WebP chunks '\x1bABC' left out",)


def test_memory_that_runs_out_while_encoding(tmp_path, make_photograph, monkeypatch):
    def save(*arguments, **options):
        raise ValueError("encoding error 1")

    monkeypatch.setattr(Image.Image, "save", save)
    with pytest.raises(
        RestoraError, match=r"a\.webp: memory does not suffice to encode it; close other programs"
    ):
        write(tmp_path / "a.webp", make_photograph())
    assert list(tmp_path.iterdir()) == []
