import io
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from image_originals import newer_originals
from numpy.testing import assert_array_equal
from PIL import Image

from restora.errors import RestoraError
from restora.images import read
from restora.images.codecs import limits


def pillow_file(file_format, mode="RGB", *, frames=1, **options):
    """A file as Pillow writes it, of noise, so that no part of it is superfluous."""
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 4), np.uint8)
    pictures = [Image.fromarray(noise ^ i).convert(mode) for i in range(frames)]
    if frames > 1:
        options.update(save_all=True, append_images=pictures[1:])
    stream = io.BytesIO()
    pictures[0].save(stream, file_format, **options)
    return stream.getvalue()


def tiff_file(**options):
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint16)
    stream = io.BytesIO()
    tifffile.imwrite(stream, noise, photometric="rgb", metadata=None, **options)
    return stream.getvalue()


def test_the_entry_is_that_of_the_codec():
    with pytest.raises(RestoraError) as caught:
        read(io.BytesIO(pillow_file("PNG")[:-200]))
    assert caught.value.entry == "troubleshooting#images-codecs-png"


EXIF = Image.Exif()
EXIF[274], EXIF[271] = 6, "a camera"

FILES = {
    "PNG": pillow_file("PNG", exif=EXIF),
    "JPEG": pillow_file("JPEG", exif=EXIF, quality=95),
    "JPEG, progressive": pillow_file("JPEG", progressive=True),
    "TIFF": tiff_file(),
    "TIFF, LZW": tiff_file(compression="lzw", predictor=True, rowsperstrip=5),
    "TIFF, tiles": tiff_file(compression="adobe_deflate", tile=(16, 16)),
    "BigTIFF": tiff_file(bigtiff=True, byteorder=">"),
    "WebP": pillow_file("WEBP", exif=EXIF),
    "WebP, lossless": pillow_file("WEBP", "RGBA", lossless=True),
    "WebP, animated": pillow_file("WEBP", frames=2),
    "BMP": pillow_file("BMP"),
    "GIF": pillow_file("GIF", "L"),
    "GIF, animated": pillow_file("GIF", "L", frames=2),
    "AVIF": pillow_file("AVIF", exif=EXIF, subsampling="4:4:4", quality=100, advanced={"lossless": "1"}),
    "AVIF, 10 bits": newer_originals()["avif-10"],
    "AVIF, animated": pillow_file("AVIF", frames=2),
    **{f"HEIC, {name}": data for name, data in newer_originals().items() if name.startswith("heic")},
    **{f"JPEG 2000, {name}": data for name, data in newer_originals().items() if name.startswith("jp2")},
    **{f"JPEG XL, {name}": data for name, data in newer_originals().items() if name.startswith("jxl")},
    **{f"Raw, {name}": data for name, data in newer_originals().items() if name.startswith("dng")},
}


def refusal(path, **options):
    """The message that `read` refuses a file with, which must be one line that begins with its name."""
    with pytest.raises(RestoraError) as caught:
        read(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert "; " in message  # the remedy
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("name", FILES)
def test_content_decides_and_not_the_name(tmp_path, name):
    path = tmp_path / "a.txt"
    path.write_bytes(FILES[name])
    photograph = read(str(path))
    assert photograph.metadata.format == name.split(",")[0].removeprefix("Big")
    assert (photograph.width, photograph.height) == (32, 24)
    if (
        photograph.metadata.format not in ("TIFF", "AVIF", "HEIC", "JPEG 2000", "JPEG XL", "Raw")
        and name != "WebP"
    ):
        with Image.open(io.BytesIO(FILES[name])) as image:
            assert_array_equal(photograph.pixels, np.asarray(image.convert("L" if "GIF" in name else "RGB")))


def test_what_is_not_there(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "no.png", tmp_path / "no" / "no.png", tmp_path / "file" / "no.png"):
        assert refusal(path) == "does not exist; check the spelling and the folder"
    assert refusal(tmp_path / ("x" * 300)).startswith("is too long for a file name; ")
    assert refusal(tmp_path) == "is a folder; name the images in it, or restore the whole folder"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert refusal(tmp_path / "pipe.png").startswith("is not a regular file; ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; get a complete copy from its source"),
        (b"Dear diary,\n", "is not an image that restora knows; give it a PNG, JPEG, TIFF, WebP, BMP or GIF"),
        (bytes(100), "is not an image that restora knows"),
        (b"\x89PN", "is not an image that restora knows"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "is not an image that restora knows"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "is a video, no photograph; 'restora video' restores it"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "is a video, no photograph; 'restora video' restores it"),
        (b"RIFF\x24\0\0\0AVI LIST", "is a video"),
        (b"\0\0\1\xba\x44", "is a video"),
        (b"\0\0\0\0G@\0\x10", "is a video"),
        (b"%PDF-1.7\n", "is a PDF document, no photograph; export its pages as images first"),
        (b"8BPS\0\1", "is a Photoshop document"),
        (b"v/1\x01\2\0\0\0", "is OpenEXR"),
        (b"<!DOCTYPE html><html>", "is a web page, no photograph; download the image itself"),
    ],
)
def test_content_that_is_no_image(tmp_path, content, words):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert refusal(path).startswith(words)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, -2])
def test_file_cut_short(tmp_path, name, part):
    path = tmp_path / "a.dat"
    data = FILES[name]
    path.write_bytes(data[: int(part * len(data)) if part > 0 else part])
    message = refusal(path)
    assert message.endswith("; get a complete copy from its source")
    assert message.startswith(("the file is cut short; ", "the file is damaged ("))


def header_of(name, side=60_000):
    if name == "PNG":
        chunk = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        end = b"\0\0\0\0IEND\xaeB`\x82"
        return (
            b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + end
        )
    data = bytearray(FILES[name])
    if name == "JPEG":
        struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, side, side)
    elif name == "TIFF":
        with tifffile.TiffFile(io.BytesIO(bytes(data))) as tiff:
            for tag in (256, 257):
                entry = tiff.pages[0].tags[tag]
                code = {3: "<H", 4: "<I"}[int(entry.dtype)]
                struct.pack_into(code, data, entry.valueoffset, side)
    elif name == "WebP":  # its largest side is 16384, but that of its container is not
        start = data.index(b"VP8X")
        data[start + 12 : start + 18] = 2 * (side - 1).to_bytes(3, "little")
    elif name == "BMP":
        struct.pack_into("<ii", data, 18, side, -side)
    else:
        struct.pack_into("<HH", data, 6, side, side)
    return bytes(data)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WebP", "BMP", "GIF"])
def test_header_that_claims_gigabytes(tmp_path, name):
    path = tmp_path / "bomb"
    path.write_bytes(header_of(name))
    refusal(path)  # imports the decoder, which takes memory of its own
    tracemalloc.start()
    message = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert message == (
        "60000 x 60000 are more than 500000000 pixels, which may be an attack on memory; "
        "raise max_pixels if the file is trusted"
    )
    assert peak < 1_000_000


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WebP", "BMP", "GIF"])
def test_picture_for_which_there_is_no_memory_is_refused_before_it_is_decoded(tmp_path, name, monkeypatch):
    """A PNG of 1.4 MB may hold 484 megapixels, and a limit of memory then ends the program."""
    path = tmp_path / "large"
    path.write_bytes(header_of(name, 7_900))
    monkeypatch.setattr(limits, "free_memory", lambda: 2**27)
    words = (
        r"7900 x 7900 pixels need [01]\.\d GiB of memory, and 0\.1 GiB are free; close other programs, or "
    )
    assert re.match(words, refusal(path))
    monkeypatch.setattr(limits, "free_memory", lambda: 2**40)
    if name != "GIF":  # whose missing pixels are transparent
        assert "GiB" not in refusal(path)  # but for another reason: the pixels are not there


def test_what_is_to_be_done_with_a_large_picture_needs_memory_too(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.new("L", (5000, 4000)).save(path)
    monkeypatch.setattr(limits, "free_memory", lambda: 70_000_000)
    assert read(path).width == 5000
    assert refusal(path, copies=3).startswith("5000 x 4000 pixels need 0.1 GiB")
    assert refusal(path, copies=3, beside=2**30).startswith("5000 x 4000 pixels need 1.1 GiB")
    assert read(path, beside=2**30).width == 5000  # beside a small one, the work is cut to what there is


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells what a process takes")
def test_a_limit_of_the_process_is_kept(tmp_path):
    """484 megapixels under a limit of 3 GiB of addresses, which decoding alone would not exceed."""
    path = tmp_path / "a.png"
    path.write_bytes(header_of("PNG", 22_000))
    code = (
        "import resource; from restora.images import read; from restora.memory import free_memory\n"
        "most = free_memory.__globals__['_available_to_process']\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        f"assert 0 < most() < 3 << 30; read({str(path)!r}, copies=2)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "22000 x 22000 pixels need 4.1 GiB of memory, and 2." in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", FILES)
def test_limit_is_adjustable_to_the_pixel(tmp_path, name):
    path = tmp_path / "a"
    path.write_bytes(FILES[name])
    assert read(path, max_pixels=24 * 32).width == 32
    assert refusal(path, max_pixels=24 * 32 - 1).startswith("32 x 24 are more than 767 pixels")


def test_gif_too_large_for_its_decoder_does_not_promise_a_remedy(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(header_of("GIF"))
    assert refusal(path, max_pixels=10**10) == (
        "a GIF of 60000 x 60000 pixels is not supported; convert it to PNG or TIFF first"
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(FILES["PNG"])
    path.chmod(0)
    assert refusal(path) == "may not be read; give yourself permission to read it"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "may not be read; give yourself permission to read it"),
        (OSError(5, "Input/output error"), "cannot be read (Input/output error); get a complete copy"),
        (MemoryError(), "does not fit into memory; close other programs or scale it down"),
    ],
)
@pytest.mark.parametrize("place", ["pathlib.Path.open", "restora.images.codecs.png.decode"])
def test_system_that_refuses(tmp_path, monkeypatch, error, words, place):
    path = tmp_path / "a.png"
    path.write_bytes(FILES["PNG"])

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(place, refuse)
    assert refusal(path).startswith(words)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_corruption_gives_a_photograph_or_a_refusal(tmp_path_factory, data):
    content = bytearray(FILES[data.draw(st.sampled_from(sorted(FILES)))])
    # Half of the strikes hit the first bytes, where the structure of most formats lies.
    places = st.one_of(st.integers(0, min(300, len(content)) - 1), st.integers(0, len(content) - 1))
    for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        content[place] = byte
    path = tmp_path_factory.mktemp("corrupt") / "a"
    path.write_bytes(content)
    message, size = "", 0.0
    try:
        size = read(path, max_pixels=1_000_000).megapixels
    except RestoraError as error:
        message = str(error)
    assert size <= 1
    assert "\n" not in message


@pytest.mark.parametrize("place", [4, 10, 30])
def test_oddities_of_a_tiff_are_not_printed(tmp_path, capfd, place):
    path = tmp_path / "a.tif"
    data = bytearray(FILES["TIFF"])
    data[place : place + 4] = b"\xff" * 4
    path.write_bytes(data)
    with pytest.raises(RestoraError):
        read(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO], ids=lambda kind: kind.__name__)
def test_content_is_read_as_its_file_is(tmp_path, kind):
    content = pillow_file("TIFF", dpi=(300, 150))
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    photograph, expected = read(kind(content)), read(path)
    assert_array_equal(photograph.pixels, expected.pixels)
    assert photograph.metadata == expected.metadata


def test_a_file_object_is_read_from_where_it_stands_and_stays_open(tmp_path):
    content = pillow_file("PNG")
    path = tmp_path / "two.bin"
    path.write_bytes(b"head" + content)
    with path.open("rb") as stream:
        stream.seek(4)
        assert read(stream).width == 32
        assert not stream.closed
    pipe, end = os.pipe()  # cannot seek
    with os.fdopen(end, "wb") as writing:
        writing.write(content)
    with os.fdopen(pipe, "rb") as reading:
        assert read(reading).width == 32


def test_content_that_is_no_image_is_refused_by_its_name(tmp_path):
    with pytest.raises(RestoraError, match=r"^the given bytes: is empty"):
        read(b"")
    with pytest.raises(RestoraError, match=r"^the given BytesIO: is not an image that restora knows"):
        read(io.BytesIO(b"nonsense" * 9))
    with pytest.raises(RestoraError, match=r"^the given bytes: .*cut short"):
        read(pillow_file("PNG")[:300])
    path = tmp_path / "a.txt"
    path.write_text("words")
    with (
        path.open() as stream,
        pytest.raises(RestoraError, match=r"a\.txt: is open for reading text; open it with"),
    ):
        read(stream)


def test_format_whose_package_is_missing_is_named_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setattr("restora.images.formats.find_spec", lambda name: None)
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert refusal(path) == "is HEIC, which needs another package; pip install 'restora[formats]'"
