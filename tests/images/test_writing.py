import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from restora.errors import RestoraError
from restora.images import Metadata, Photograph, encode, losses, read, write
from restora.images.formats import FORMATS as ALL_FORMATS
from restora.images.formats import lacks_package
from restora.images.metadata import WebpEncoding
from restora.pixels import change_bits

FORMATS = [each for each in ALL_FORMATS if not lacks_package(each)]

LAYOUTS = {
    "gray": {"gray": True},
    "gray-alpha": {"gray": True, "alpha": True},
    "rgb": {},
    "rgb-alpha": {"alpha": True},
}
CONTAINERS = [(f, dtype) for f in FORMATS for dtype in f.dtypes]
LOSSLESS = [(f, dtype) for f, dtype in CONTAINERS if f.name != "JPEG" and not f.colours]
KINDS = ["nothing", "icc", "exif", "xmp", "dpi", "orientation", "all"]


def of_kind(kind, icc, exif_block, xmp):
    values = {"icc": icc, "exif": exif_block(), "xmp": xmp, "dpi": (300.0, 150.0), "orientation": 6}
    if kind == "all":
        return Metadata(**values)
    return Metadata(**{kind: values[kind]}) if kind != "nothing" else Metadata()


def as_held(original, target):
    """The pixels as a format without gray holds them, and one of fewer bits."""
    held = target.gray if original.alpha is None else target.gray_alpha or not target.alpha
    pixels = rounded(original.pixels, target)
    return np.repeat(pixels[..., None], 3, axis=2) if original.is_gray and not held else pixels


def rounded(values, target):
    """Values of 16 bits as a format of fewer holds them."""
    if values is None or values.dtype != np.uint16:
        return values
    return change_bits(change_bits(values, 16, target.bits), target.bits, 16)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("target", "dtype"), CONTAINERS, ids=lambda v: getattr(v, "name", v))
def test_pixels_and_every_kind_of_metadata_come_back(
    target, dtype, layout, tmp_path, make_photograph, icc, exif_block, described, xmp
):
    for kind in KINDS:
        metadata = of_kind(kind, icc, exif_block, xmp)
        original = make_photograph(dtype, **LAYOUTS[layout], metadata=metadata)
        path = tmp_path / f"{kind}{target.suffixes[0]}"
        missing = losses(path, original)
        back = read(write(path, original))
        assert back.notes == ()
        assert back.metadata.format == target.name
        assert back.metadata.icc == (metadata.icc if target.profile else None)
        if "exif" in target.holds:
            assert described(back.metadata.exif).items() >= described(metadata.exif).items()
            assert back.metadata.xmp == (metadata if target.orientation else metadata.upright()).xmp
        else:
            assert any("EXIF" in words for words in missing) == (metadata.exif is not None)
            assert any("XMP" in words for words in missing) == (metadata.xmp is not None)
        if target.orientation:
            assert back.metadata.orientation == metadata.orientation
        else:
            assert any("upright" in words for words in missing) == (metadata.orientation != 1)
            assert back.metadata.orientation == 1
            original = original.upright()
        dpi = None if target.name == "GIF" else original.metadata.dpi
        assert back.metadata.dpi == (dpi and pytest.approx(dpi, abs=0.02))
        assert any("resolution" in words for words in missing) == (dpi != original.metadata.dpi)
        expected, alpha = as_held(original, target), rounded(original.alpha, target)
        if target.colours and alpha is not None:
            assert any("whole or none" in words for words in missing)
            alpha = np.where(alpha >= 128, 255, 0).astype(np.uint8)
        if not target.alpha:
            assert (alpha is not None) == any("white" in words for words in missing)
            alpha = None
        if (target, dtype) in LOSSLESS:
            assert_array_equal(back.pixels, expected, strict=True)
        elif target.colours:  # which are few here
            seen = np.ones(expected.shape[:2], bool) if alpha is None else alpha == 255
            assert_array_equal(back.pixels[seen], expected[seen])
        elif alpha is not None or original.alpha is None:  # as it is, not laid over white
            assert np.abs(back.pixels.astype(int) - expected).mean() < 4  # noise is hard to compress
        assert (back.pixels.dtype, back.pixels.shape) == (np.dtype(dtype), expected.shape)
        assert (back.alpha is None) == (alpha is None)
        if alpha is not None:
            assert_array_equal(back.alpha, alpha, strict=True)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_any_small_size_comes_back_exactly(tmp_path_factory, make_photograph, data):
    target, dtype = data.draw(st.sampled_from(LOSSLESS))
    layout = data.draw(st.sampled_from(sorted(LAYOUTS)))
    size = data.draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    original = make_photograph(dtype, **LAYOUTS[layout], size=size, seed=data.draw(st.integers(0, 99)))
    back = read(write(tmp_path_factory.mktemp("any") / f"a{target.suffixes[0]}", original))
    expected = as_held(original, target)
    assert_array_equal(back.pixels, expected, strict=True)
    opaque = original.alpha is None or (original.alpha == 255).all()
    if not (target.name == "WebP" and opaque):  # libwebp leaves out an alpha channel that says nothing
        assert_array_equal(back.alpha, rounded(original.alpha, target))


@pytest.mark.parametrize("source", [f for f in FORMATS if f.dtypes], ids=lambda f: f.name)
@pytest.mark.parametrize("target", [f for f in FORMATS if f.dtypes], ids=lambda f: f.name)
def test_metadata_travels_between_formats(
    source, target, tmp_path, make_photograph, icc, exif_block, described, xmp
):
    metadata = of_kind("all", icc, exif_block, xmp)
    first = read(write(tmp_path / f"a{source.suffixes[0]}", make_photograph(metadata=metadata)))
    second = read(write(tmp_path / f"b{target.suffixes[0]}", first))
    assert second.metadata.icc == (icc if source.profile and target.profile else None)
    assert second.metadata.dpi == pytest.approx(second.metadata.dpi, abs=0.02)
    if "exif" in source.holds & target.holds:
        assert described(second.metadata.exif).items() >= described(metadata.exif).items()
        turned = source.orientation and target.orientation
        assert second.metadata.xmp == (xmp if turned else Metadata(xmp=xmp).upright().xmp)
        assert second.metadata.orientation == (6 if turned else 1)


def test_gray_profile_is_not_attached_to_colour(tmp_path, make_photograph, icc):
    gray_profile = icc[:16] + b"GRAY" + icc[20:]
    gray = make_photograph(gray=True, metadata=Metadata(icc=gray_profile))
    assert read(write(tmp_path / "a.png", gray)).metadata.icc == gray_profile
    assert any("profile" in words for words in losses("a.webp", gray))
    assert read(write(tmp_path / "a.webp", gray)).metadata.icc is None


@pytest.mark.parametrize(
    ("source", "quality", "is_lossless"),
    [(None, None, True), (None, 80, False), (WebpEncoding(lossless=False), None, False)],
)
def test_webp_is_lossless_unless_source_or_user_were_not(tmp_path, smooth, source, quality, is_lossless):
    photograph = Photograph(smooth, metadata=Metadata(encoding=source))
    back = read(write(tmp_path / "a.webp", photograph, quality=quality))
    assert back.metadata.encoding == WebpEncoding(is_lossless)
    assert np.array_equal(back.pixels, smooth) == is_lossless


def test_result_of_a_name_without_known_suffix(tmp_path, make_photograph):
    with pytest.raises(
        RestoraError, match=r"a\.xyz: cannot write files that end in '\.xyz'; use one of \.png"
    ):
        write(tmp_path / "a.xyz", make_photograph())
    with pytest.raises(RestoraError, match=r"'\.nef'"):
        losses("a.nef", make_photograph())


@pytest.mark.parametrize("quality", [0, 101])
def test_impossible_quality(tmp_path, make_photograph, quality):
    with pytest.raises(RestoraError, match=f"quality must be 1 to 100, got {quality}"):
        write(tmp_path / "a.jpg", make_photograph(), quality=quality)


@pytest.mark.parametrize(("name", "side"), [("a.jpg", 65_501), ("a.webp", 16_384), ("a.bmp", 32_768)])
def test_picture_larger_than_the_format(tmp_path, name, side):
    with pytest.raises(RestoraError, match=f"a side, got {side}; write TIFF instead"):
        write(tmp_path / name, Photograph(np.zeros((1, side), np.uint8)))
    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_kept_unless_told_otherwise(tmp_path, make_photograph):
    path = write(tmp_path / "a.png", make_photograph(seed=1))
    before = path.read_bytes()
    with pytest.raises(RestoraError, match=r"a\.png: exists already"):
        write(path, make_photograph(seed=2))
    assert path.read_bytes() == before
    write(path, make_photograph(seed=2), overwrite=True)
    assert_array_equal(read(path).pixels, make_photograph(seed=2).pixels)
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_appears_meanwhile_is_kept(tmp_path, make_photograph, monkeypatch):
    path = tmp_path / "a.png"
    monkeypatch.setattr("restora.images.codecs.png.encode", lambda *_: path.write_text("other"))
    with pytest.raises(RestoraError, match="exists already"):
        write(path, make_photograph())
    assert path.read_text() == "other"
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folders_are_created(tmp_path, make_photograph):
    assert read(write(tmp_path / "x" / "y" / "a.bmp", make_photograph())).width == 13


def test_folder_of_the_same_name(tmp_path, make_photograph):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(RestoraError, match="there is a folder of this name"):
        write(tmp_path / "a.png", make_photograph(), overwrite=True)


def test_folder_below_a_file(tmp_path, make_photograph):
    (tmp_path / "file").write_text("")
    with pytest.raises(RestoraError, match="a part of the path is a file"):
        write(tmp_path / "file" / "a.png", make_photograph())


def test_name_too_long(tmp_path, make_photograph):
    with pytest.raises(RestoraError, match="name is too long"):
        write(tmp_path / f"{'a' * 300}.png", make_photograph())


def test_longest_name_works(tmp_path, make_photograph):
    assert write(tmp_path / f"{'a' * 251}.png", make_photograph()).exists()


def test_link_is_followed(tmp_path, make_photograph):
    target = write(tmp_path / "target.png", make_photograph(seed=1))
    link = tmp_path / "link.png"
    link.symlink_to(target)
    write(link, make_photograph(seed=2), overwrite=True)
    assert link.is_symlink()
    assert_array_equal(read(target).pixels, make_photograph(seed=2).pixels)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "there is no space left on the disk; free some"),
        (errno.EDQUOT, "there is no space left on the disk"),
        (errno.EACCES, "the folder may not be written to; choose another one"),
        (errno.EROFS, "the folder may not be written to"),
        (errno.EIO, r"cannot be written \(Input/output error\)"),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp"])
def test_disk_that_refuses_leaves_the_old_file_alone(
    suffix, number, words, tmp_path, make_photograph, monkeypatch
):
    path = write(tmp_path / f"a{suffix}", make_photograph(seed=1))
    before = path.read_bytes()
    half_written = []

    def refuse(descriptor: int) -> None:
        half_written.append(os.fstat(descriptor).st_size)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RestoraError, match=rf"a\{suffix}: {words}") as caught:
        write(path, make_photograph(seed=2), overwrite=True)
    assert "\n" not in str(caught.value)
    assert half_written[0] > 0
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_without_an_error_number(tmp_path, make_photograph, monkeypatch):
    def short(*_: object, **__: object) -> None:
        raise OSError("351 requested and 0 written")  # as numpy says it

    monkeypatch.setattr("tifffile.TiffWriter.write", short)
    with pytest.raises(RestoraError, match="351 requested"):
        write(tmp_path / "a.tif", make_photograph())
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 0}))
    with pytest.raises(RestoraError, match="no space left"):
        write(tmp_path / "a.tif", make_photograph())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path: Path, make_photograph):
    tmp_path.chmod(0o500)
    with pytest.raises(RestoraError, match="may not be written to"):
        write(tmp_path / "a.png", make_photograph())
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("came_in", "signature"), [("JPEG", b"\xff\xd8"), ("Raw", b"II*"), (None, b"\x89PNG")]
)
def test_encode_gives_the_format_that_came(make_photograph, came_in, signature):
    encoded = encode(make_photograph(metadata=Metadata(format=came_in, orientation=6)))
    assert encoded.startswith(signature)
    assert read(encoded).metadata.orientation == 6


@pytest.mark.parametrize("target", [f for f in FORMATS if f.dtypes], ids=lambda f: f.name)
def test_encode_gives_what_write_writes(tmp_path, make_photograph, target):
    photograph = make_photograph(
        dtype="uint16", alpha=True, metadata=Metadata(dpi=(300.0, 150.0), orientation=3)
    )
    path = write(tmp_path / f"a{target.suffixes[0]}", photograph, quality=80)
    assert encode(photograph, target.suffixes[0], quality=80) == path.read_bytes()
    assert encode(photograph, target.suffixes[0].removeprefix("."), quality=80) == path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"file_format": "raf"}, "cannot write files that end in '.raf'"),
        ({"file_format": "jpg", "quality": 0}, "quality must be 1 to 100, got 0"),
    ],
)
def test_encode_refuses_what_write_refuses(make_photograph, arguments, message):
    with pytest.raises(RestoraError, match=message):
        encode(make_photograph(), **arguments)
