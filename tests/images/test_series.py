"""Files of several pictures: pages and frames, in and out, compared with what other programs see."""

import io
import tracemalloc
import zlib
from dataclasses import replace
from fractions import Fraction
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image

from restora.errors import RestoraError
from restora.images import Metadata, Photograph, holds_all, losses, read, read_all, reading, write, write_all
from restora.images.codecs import limits
from restora.images.metadata import Series, TiffEncoding
from restora.pixels import gray_to_rgb

ANIMATED = {"PNG": ".png", "WEBP": ".webp", "GIF": ".gif"}
EXACTLY = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "GIF": {"disposal": 2}}
DURATIONS = [100, 250, 40, 1000]


def drawn(count=4, size=(30, 40), *, transparent=True):
    """Frames of few colours, a part of which moves, and a part of which is not seen."""
    random = np.random.default_rng(0)
    frames = []
    for number in range(count):
        frame = np.full((*size, 4), 255, np.uint8)
        frame[..., 0] = 5 * np.arange(size[1])
        frame[4 + number : 12 + number, 10:18, :3] = random.integers(0, 255, (8, 8, 3))
        if transparent:
            frame[-5:, : 5 + number] = 0
        frames.append(frame)
    return frames


def animation(kind, frames, **options):
    """A file as Pillow writes it."""
    first, *others = map(Image.fromarray, frames)
    stream = io.BytesIO()
    exactly: dict[str, Any] = EXACTLY[kind]
    options = {"duration": DURATIONS[: len(frames)], "loop": 3, **exactly, **options}
    first.save(stream, kind, save_all=True, append_images=others, **options)
    return stream.getvalue()


def as_rgba(photograph):
    """Colours with transparency, black where nothing is seen."""
    alpha = np.full(photograph.pixels.shape[:2], 255, np.uint8)
    alpha = alpha if photograph.alpha is None else photograph.alpha
    colours = np.where(alpha[..., None] > 0, gray_to_rgb(photograph.pixels), 0)
    return np.dstack([colours, alpha])


def seen_by_pillow(path):
    """Frames, durations in milliseconds, and how often a viewer is told to show them, as the format counts."""
    image: Any  # Pillow does not declare n_frames
    with Image.open(path) as image:
        frames, durations = [], []
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            frame = np.array(image.convert("RGBA"))
            frame[frame[..., 3] == 0] = 0
            frames.append(frame)
            durations.append(image.info["duration"])
        return frames, durations, image.info.get("loop")


@pytest.mark.parametrize("transparent", [True, False])
@pytest.mark.parametrize("kind", ANIMATED)
def test_frames_come_back(tmp_path, kind, transparent):
    content = animation(kind, drawn(transparent=transparent))
    frames = seen_by_pillow(io.BytesIO(content))[0]  # for a GIF it has reduced the colours
    photographs = list(read_all(content))
    plays = 4 if kind == "GIF" else 3  # which counts repetitions
    for photograph, frame, milliseconds in zip(photographs, frames, DURATIONS, strict=True):
        assert_array_equal(as_rgba(photograph), frame)
        assert photograph.metadata.series == Series(4, 4 * 30 * 40, plays, Fraction(milliseconds, 1000))
        assert photograph.notes == ()
    assert read(content).notes == ("frame 1 of 4 used",)
    path = write_all(tmp_path / f"a{ANIMATED[kind]}", photographs)
    seen, durations, loop = seen_by_pillow(path)
    assert_array_equal(seen, frames)
    assert (durations, loop) == (DURATIONS, 3)
    back = list(read_all(path))
    assert [p.metadata.series for p in back] == [p.metadata.series for p in photographs]
    assert_array_equal([as_rgba(p) for p in back], frames)


@pytest.mark.parametrize("target", ANIMATED)
@pytest.mark.parametrize("source", ANIMATED)
def test_frames_travel_between_formats(tmp_path, source, target):
    content = animation(source, drawn(), loop=0)
    frames = seen_by_pillow(io.BytesIO(content))[0]
    photographs = list(read_all(content))
    path = write_all(tmp_path / f"a{ANIMATED[target]}", photographs)
    assert losses(path, photographs[0]) == ()
    seen, durations, loop = seen_by_pillow(path)
    assert_array_equal(seen, frames)
    assert (durations, loop) == (DURATIONS, 0)


def test_animation_that_is_shown_once(tmp_path):
    photographs = list(read_all(animation("GIF", drawn(), loop=None)))
    assert photographs[0].metadata.series.plays == 1
    assert seen_by_pillow(write_all(tmp_path / "a.gif", photographs))[2] is None
    assert seen_by_pillow(write_all(tmp_path / "a.webp", photographs))[2] == 1


@pytest.mark.parametrize("blend", [0, 1])
@pytest.mark.parametrize("disposal", [0, 1, 2])
def test_frames_of_a_png_are_laid_over_one_another(disposal, blend):
    random = np.random.default_rng(disposal)
    frames = random.integers(0, 255, (4, 9, 11, 4), np.uint8)
    frames[..., 3] = 255 * (frames[..., 3] > 90)  # Pillow multiplies what is between with itself
    frames[1:, :, :6] = frames[0, :, :6]  # so that a part alone is stored
    content = animation("PNG", frames, disposal=disposal, blend=blend, duration=50)
    with Image.open(io.BytesIO(content)) as image:
        for number, photograph in enumerate(read_all(content)):
            image.seek(number)
            expected = np.array(image.convert("RGBA"))
            expected[expected[..., 3] == 0] = 0
            assert_array_equal(as_rgba(photograph), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_half_transparent_frames_of_a_png_are_mixed(dtype):
    """By the formula of the standard, PNG third edition, 13.16, for pixels laid over one that was left."""
    white = np.iinfo(dtype).max
    frames = (np.array([[[[0.8, 0.2, 0.6]]], [[[0.4, 0.6, 0.5]]]]) * white).astype(
        dtype
    )  # red, blue, opacity
    gray_alpha = np.ascontiguousarray(frames[..., [0, 2]])
    content = bytearray(imagecodecs.apng_encode(gray_alpha, delay=70))
    at = content.rindex(b"fcTL")
    content[at + 29] = 1  # over
    content[at + 30 : at + 34] = zlib.crc32(content[at : at + 30]).to_bytes(4, "big")
    second = list(read_all(bytes(content)))[1]
    opacity = 0.5 + 0.6 * 0.5
    assert second.alpha[0, 0] == pytest.approx(opacity * white, abs=1.5)
    assert second.pixels[0, 0] == pytest.approx((0.4 * 0.5 + 0.8 * 0.6 * 0.5) / opacity * white, abs=2)


@pytest.mark.parametrize("shape", [(7, 8), (7, 8, 2), (7, 8, 3), (7, 8, 4)], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_depths_and_layouts_of_a_png(tmp_path, dtype, shape):
    most = np.iinfo(dtype).max
    frames = np.random.default_rng(0).integers(0, most, (3, *shape), dtype, endpoint=True)
    content = imagecodecs.apng_encode(frames, delay=70)
    photographs = list(read_all(content))
    path = write_all(tmp_path / "a.png", photographs)
    for other in (photographs, list(read_all(path))):
        for photograph, frame in zip(other, frames, strict=True):
            alpha = [] if photograph.alpha is None else [photograph.alpha]
            assert_array_equal(np.dstack([photograph.pixels, *alpha]).reshape(shape), frame, strict=True)
            assert photograph.metadata.series.duration == Fraction(70, 1000)
    assert_array_equal(imagecodecs.apng_decode(path.read_bytes()), frames, strict=True)


def test_metadata_of_an_animation(tmp_path, icc, xmp, exif_block):
    series = Series(3, 3 * 9 * 13, 0, Fraction(1, 20))
    metadata = Metadata(icc=icc, exif=exif_block(), xmp=xmp, series=series)
    frames = [Photograph(np.full((9, 13, 3), 80 * i, np.uint8), metadata=metadata) for i in range(3)]
    image: Any  # Pillow does not declare n_frames
    for suffix in (".png", ".webp"):
        with Image.open(write_all(tmp_path / f"a{suffix}", frames)) as image:
            assert (image.n_frames, image.info["icc_profile"]) == (3, icc)
            assert image.getexif()[272] == "Ikonta 521"
        back = read(tmp_path / f"a{suffix}").metadata
        assert (back.icc, back.xmp, back.series) == (icc, xmp, replace(series, duration=Fraction(0)))
    words = " ".join(losses("a.gif", frames[0]))
    assert all(name in words for name in ("EXIF", "XMP", "converted to sRGB"))


def test_webp_with_loss_stays_so(tmp_path, smooth):
    frames = [smooth, smooth[::-1].copy()]
    lossy, lossless = (animation("WEBP", frames, lossless=how) for how in (False, True))
    for content, is_lossless in ((lossy, False), (lossless, True)):
        path = write_all(tmp_path / f"{is_lossless}.webp", read_all(content))
        assert read(path).metadata.encoding.lossless == is_lossless
        (first, _), _, _ = seen_by_pillow(path)
        assert np.array_equal(first[..., :3], smooth) == is_lossless


def test_still_picture_before_a_png_animation_is_named(tmp_path):
    frames = drawn(3)
    content = animation("PNG", frames, default_image=True, duration=[10, 20])
    photographs = list(read_all(content))
    assert_array_equal([as_rgba(p) for p in photographs], frames[1:])
    assert photographs[0].notes == ("the still picture for viewers that show no animation left out",)
    assert_array_equal(as_rgba(read(content)), frames[0])


def test_colours_and_transparency_that_a_gif_cannot_hold(tmp_path, smooth):
    alpha = np.full(smooth.shape[:2], 255, np.uint8)
    alpha[:, :20], alpha[:, 20:30] = 100, 200
    photograph = Photograph(smooth, alpha)
    words = losses("a.gif", photograph)
    assert words[0].startswith("transparency made whole or none, because GIF")
    assert words[1].startswith("colours reduced to 256, the most that GIF holds; --format png keeps all")
    back = read(write(tmp_path / "a.gif", photograph))
    assert_array_equal(back.alpha, np.where(alpha > 127, 255, 0))
    difference = np.abs(back.pixels[:, 20:].astype(int) - smooth[:, 20:])
    assert 0 < difference.mean() < 5
    with Image.open(tmp_path / "a.gif") as image:
        assert_array_equal(np.asarray(image.convert("RGB"))[:, 20:], back.pixels[:, 20:])


def pages(path, **options):
    """A document of four pages, each of another kind, behind a reduced picture and before a mask."""
    random = np.random.default_rng(0)
    arrays = [
        random.integers(0, 256, (20, 30, 3), np.uint8),
        random.integers(0, 65_536, (14, 9), np.uint16),
        (2 * random.random((8, 8, 3))).astype(np.float16),
        random.integers(0, 200, (6, 7), np.uint8),
    ]
    colours = random.integers(0, 256, (3, 256)).astype(np.uint16) * 257
    common = {"metadata": None, "software": False}
    with tifffile.TiffWriter(path, **options) as tiff:
        tiff.write(arrays[0][::4, ::4], photometric="rgb", subfiletype=1, **common)
        tiff.write(arrays[0], photometric="rgb", compression="lzw", predictor=True, **common)
        tags = [(271, 2, 0, "Zeiss", True), (274, 3, 1, 6, True)]
        tiff.write(arrays[1], photometric="minisblack", extratags=tags, description="two", **common)
        tiff.write(arrays[2], photometric="rgb", resolution=(300, 150), resolutionunit=2, **common)
        tiff.write(arrays[3], photometric="palette", colormap=colours, **common)
        tiff.write(arrays[3] > 99, photometric="mask", subfiletype=4, **common)
    return arrays


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pages_come_back_each_with_its_own_depth_and_tags(tmp_path, order, big):
    arrays = pages(tmp_path / "a.tif", byteorder=order, bigtiff=big)
    photographs = list(read_all(tmp_path / "a.tif"))
    assert [p.metadata.series for p in photographs] == [Series(4, 832)] * 4
    assert photographs[0].notes == ("2 of 6 pages, reduced pictures or masks, left out",)
    assert read(tmp_path / "a.tif").notes == ("page 2 of 6 used",)
    path = write_all(tmp_path / "b.tif", photographs)
    with tifffile.TiffFile(path) as tiff:
        assert (len(tiff.pages), tiff.byteorder, tiff.is_bigtiff) == (4, order, big)
        for page, array in zip(tiff.pages[:3], arrays[:3], strict=True):
            assert_array_equal(page.asarray(), array, strict=True)
        first, second, third, fourth = tiff.pages
        assert (first.compression, first.predictor) == (5, 2)
        assert [second.tags[tag].value for tag in (270, 271, 274)] == ["two", "Zeiss", 6]
        assert third.tags[282].value == (300, 1)
        assert fourth.photometric == 3
        assert {271, 274} & {tag.code for tag in third.tags} == {274}  # its own, upright
    for before, after in zip(photographs, read_all(path), strict=True):
        assert_array_equal(before.pixels, after.pixels, strict=True)
        assert after.metadata == before.metadata
        assert [note for note in after.notes if "taken for white" not in note] == []  # of the page of floats


def test_page_that_cannot_be_read_is_named(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(np.zeros((4, 4), np.uint8), photometric="minisblack")
        tiff.write(np.zeros((4, 4, 3), np.uint8), photometric="cielab")
    first, *others = [], read_all(tmp_path / "a.tif")
    first.append(next(others[0]))
    with pytest.raises(RestoraError, match=r"a\.tif: page 2 of 2: a TIFF of the colour space CIE"):
        next(others[0])
    assert read(tmp_path / "a.tif").width == 4


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.webp", "a.tif"])
def test_damage_in_the_middle_is_found_when_it_is_reached(tmp_path, name, smooth):
    suffix = name[1:]
    if suffix == ".tif":
        with tifffile.TiffWriter(tmp_path / name) as tiff:
            for _ in range(3):
                tiff.write(smooth, photometric="rgb", compression="lzw")
        with tifffile.TiffFile(tmp_path / name) as tiff:
            places = [page.dataoffsets[0] for page in tiff.pages]
        content = bytearray((tmp_path / name).read_bytes())
        content[places[2] : places[2] + 300] = bytes([255]) * 300
    else:
        kind = suffix[1:].upper()
        content = bytearray(animation(kind, [np.roll(smooth, 5 * i, 1) for i in range(3)], duration=10))
        mark, place = {
            "PNG": (b"fdAT", 8),
            "WEBP": (b"VP8L", 30),
            "GIF": (b",\0\0\0\0\x40\0\x30\0\x87", 778),
        }[kind]
        at = content.rindex(mark) + place
        content[at : at + 10] = b"\x0d" + bytes(9)  # the size of a code, in a GIF
    (tmp_path / name).write_bytes(content)
    frames = read_all(tmp_path / name)
    with pytest.raises(RestoraError, match=rf"{name}: .*(damaged|cut short)"):
        list(frames)


def test_frame_beyond_the_canvas(tmp_path):
    content = bytearray(animation("PNG", drawn()))
    at = content.rindex(b"fcTL")
    content[at + 8 : at + 12] = (41).to_bytes(4, "big")
    content[at + 30 : at + 34] = zlib.crc32(content[at : at + 30]).to_bytes(4, "big")
    with pytest.raises(RestoraError, match="a frame is larger than the picture"):
        list(read_all(bytes(content)))
    content = bytearray(animation("GIF", drawn()))
    at = content.rindex(b",\0\0\0\0\x28\0\x1e\0")
    content[at + 5] += 1
    with pytest.raises(RestoraError, match="a frame is larger than the picture"):
        list(read_all(bytes(content)))
    assert read(bytes(content)).width == 40


def test_all_pictures_together_are_limited(monkeypatch):
    content = animation("GIF", drawn())
    monkeypatch.setattr(reading, "MOST_TOGETHER", 3)
    with pytest.raises(RestoraError, match="its 4 pictures have together more than 3600 pixels"):
        list(read_all(content, max_pixels=1200))
    assert len(list(read_all(content, max_pixels=1600))) == 4


@pytest.mark.parametrize("kind", ANIMATED)
def test_frames_for_which_there_is_no_memory(kind, monkeypatch):
    content = animation(kind, drawn(2, (3000, 3000)))
    monkeypatch.setattr(limits, "free_memory", lambda: 2**26)
    with pytest.raises(RestoraError, match=r"3000 x 3000 pixels need 0\.\d GiB"):
        list(read_all(content))


@pytest.mark.parametrize("suffix", [".png", ".webp", ".gif", ".tif"])
def test_memory_holds_one_picture(tmp_path, suffix):
    def made(count):
        random = np.random.default_rng(0)
        series = Series(count, count * 400 * 500, 0, Fraction(1, 25))
        for _ in range(count):
            pixels = np.repeat(random.integers(0, 200, (400, 1, 3), np.uint8), 500, axis=1)
            encoding = TiffEncoding("adobe_deflate") if suffix == ".tif" else None
            yield Photograph(pixels, metadata=Metadata(series=series, encoding=encoding))

    peaks = []
    for count in (2, 2, 12):  # the first one imports
        path = tmp_path / f"{len(peaks)}{suffix}"
        tracemalloc.start()
        write_all(path, made(count))
        assert sum(photograph.height for photograph in read_all(path)) == 400 * count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 600_000  # a picture has that many bytes


def test_what_holds_all(tmp_path, make_photograph):
    gif = read(animation("GIF", drawn()))
    assert [holds_all(f"a{s}", gif) for s in (".gif", ".png", ".webp", ".tif", ".jpg", ".avif")] == [
        True
    ] * 3 + [False] * 3
    pages(tmp_path / "a.tif")
    document = read(tmp_path / "a.tif")
    assert [holds_all(f"a{s}", document) for s in (".tif", ".png")] == [True, False]
    assert not holds_all("a.png", make_photograph())
    with pytest.raises(RestoraError, match=r"a\.jpg: JPEG holds one picture; write TIFF, GIF, PNG or WebP"):
        write_all(tmp_path / "a.jpg", [document])
    assert [p.width for p in read_all(write(tmp_path / "one.png", make_photograph()))] == [13]


def test_failure_leaves_no_file(tmp_path):
    def broken():
        yield from list(read_all(animation("PNG", drawn())))[:2]
        raise RestoraError("a frame is missing")

    with pytest.raises(RestoraError, match="a frame is missing"):
        write_all(tmp_path / "a.png", broken())
    assert list(tmp_path.iterdir()) == []
