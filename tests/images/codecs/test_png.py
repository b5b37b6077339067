import struct
import subprocess
import sys
import zlib

import cv2
import imagecodecs
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image, PngImagePlugin

from restora.errors import RestoraError
from restora.images import Metadata, Photograph, encode, losses, read, write
from restora.images.codecs import png
from restora.images.metadata import PngEncoding


def chunks(path):
    data, position, found = path.read_bytes(), 8, []
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        found.append((kind, data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_chunks(path, *parts):
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    return path


def insert(path, *parts):
    """Put chunks behind the header of a file."""
    header, *rest = chunks(path)
    return write_chunks(path, header, *parts, *rest)


def header(width, height, bits, colour, interlaced=0):
    return b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(("gray", "alpha"), [(True, False), (True, True), (False, False), (False, True)])
def test_other_readers_see_the_pixels_written(tmp_path, make_photograph, dtype, gray, alpha):
    photograph = make_photograph(dtype, gray=gray, alpha=alpha)
    path = write(tmp_path / "a.png", photograph)
    seen = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if seen.ndim == 3 and seen.shape[2] >= 3:
        seen[..., :3] = seen[..., 2::-1].copy()
    colours = photograph.pixels
    if gray and alpha:  # OpenCV has no gray with alpha
        colours = np.repeat(colours[..., None], 3, axis=2)
    assert_array_equal(seen, colours if not alpha else np.dstack([colours, photograph.alpha]), strict=True)
    if dtype == "uint8":
        with Image.open(path) as image:
            image.load()
            assert image.mode == {(1, 0): "L", (1, 1): "LA", (0, 0): "RGB", (0, 1): "RGBA"}[(gray, alpha)]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_files_of_another_writer(tmp_path, make_photograph, mode):
    if mode == "I;16":
        image = Image.fromarray(make_photograph("uint16", gray=True).pixels)
    else:
        p = make_photograph(alpha=True)
        image = Image.fromarray(np.dstack([p.pixels, p.alpha]))
        image = (
            image
            if mode == "RGBA"
            else image.convert("RGB").convert(mode)
            if mode == "P"
            else image.convert(mode)
        )
    image.save(tmp_path / "a.png")
    photograph = read(tmp_path / "a.png")
    plain = {"1": "L", "P": "RGB"}.get(mode)
    expected = np.asarray(image.convert(plain) if plain else image)
    if mode in ("LA", "RGBA"):
        assert_array_equal(photograph.alpha, expected[..., -1], strict=True)
        expected = expected[..., 0] if mode == "LA" else expected[..., :3]
    else:
        assert photograph.alpha is None
    assert_array_equal(photograph.pixels, expected, strict=True)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_become_eight_of_full_range(tmp_path, bits):
    row = np.arange(8) % 2**bits
    packed = int("".join(f"{v:0{bits}b}" for v in row), 2).to_bytes(bits, "big")
    data = (b"IDAT", zlib.compress(b"\0" + packed))
    path = write_chunks(tmp_path / "a.png", header(8, 1, bits, 0), data, (b"IEND", b""))
    photograph = read(path)
    assert photograph.pixels.tolist() == [(row * 255 // (2**bits - 1)).tolist()]
    assert_array_equal(photograph.pixels, cv2.imread(str(path), cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize(
    ("colours", "is_gray"), [((10, 20, 30, 40, 50, 60), False), ((9, 9, 9, 70, 70, 70), True)]
)
@pytest.mark.parametrize("transparent", [False, True])
def test_palette(tmp_path, colours, is_gray, transparent):
    image = Image.new("P", (3, 2))
    image.putdata([0, 1, 0, 1, 1, 0])
    image.putpalette(colours)
    image.save(tmp_path / "a.png", **({"transparency": bytes([100])} if transparent else {}))
    photograph = read(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as other:
        expected = np.asarray(other.convert("RGBA"))
    assert photograph.is_gray == is_gray
    assert_array_equal(photograph.pixels, expected[..., 0] if is_gray else expected[..., :3], strict=True)
    if transparent:
        assert_array_equal(photograph.alpha, expected[..., 3], strict=True)
        assert set(photograph.alpha.flat) == {100, 255}
    else:
        assert photograph.alpha is None


@pytest.mark.parametrize("gray", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_one_transparent_colour(tmp_path, make_photograph, dtype, gray):
    photograph = make_photograph(dtype, gray=gray)
    path = write(tmp_path / "a.png", photograph)
    colour = np.atleast_1d(photograph.pixels[2, 3])
    insert(path, (b"tRNS", struct.pack(f">{len(colour)}H", *colour)))
    back = read(path)
    assert_array_equal(back.pixels, photograph.pixels, strict=True)
    same = photograph.pixels == photograph.pixels[2, 3]
    is_clear = same if gray else same.all(axis=-1)
    assert_array_equal(back.alpha, np.where(is_clear, 0, np.iinfo(dtype).max).astype(dtype), strict=True)


@pytest.mark.parametrize("bits", [8, 16])
def test_interlaced(tmp_path, bits):
    pixels = np.random.default_rng(0).integers(0, 2**bits, (11, 13, 3)).astype(f">u{bits // 8}")
    raw = b""
    for x, y, dx, dy in [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]:
        raw += b"".join(b"\0" + row.tobytes() for row in pixels[y::dy, x::dx])
    parts = header(13, 11, bits, 2, interlaced=1), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")
    path = write_chunks(tmp_path / "a.png", *parts)
    assert_array_equal(read(path).pixels, pixels)
    assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1], pixels)


def test_colour_and_text_chunks_go_back_verbatim(tmp_path, make_photograph):
    kept = (
        (b"gAMA", struct.pack(">I", 45455)),
        (b"cHRM", struct.pack(">8I", *range(8))),
        (b"sRGB", b"\1"),
        (b"cICP", bytes([12, 13, 0, 1])),
        (b"mDCV", struct.pack(">8H2I", *range(10))),
        (b"cLLI", struct.pack(">2I", 10_000_000, 500_000)),
        (b"sBIT", b"\5\6\5"),
        (b"bKGD", struct.pack(">3H", 1, 2, 3)),
        (b"tIME", b"\x07\xe8\1\1\1\1\1"),
        (b"oFFs", struct.pack(">iiB", 10, -20, 1)),
        (b"tEXt", b"Author\0nobody"),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"long")),
        (b"iTXt", b"Title\0\0\0de\0Titel\0Stra\xc3\x9fe"),
    )
    path = insert(write(tmp_path / "a.png", make_photograph()), *kept)
    photograph = read(path)
    assert photograph.metadata.encoding == PngEncoding(tuple(c for c in kept if c[0] != b"cICP"))
    assert photograph.metadata.cicp == (12, 13)
    back = chunks(write(tmp_path / "b.png", photograph))
    assert sorted(c for c in back if c[0] not in (b"IHDR", b"IDAT", b"IEND")) == sorted(kept)


def test_profile_drives_out_the_chunk_that_contradicts_it(tmp_path, make_photograph, icc):
    metadata = Metadata(icc=icc, encoding=PngEncoding(((b"sRGB", b"\0"), (b"gAMA", b"\0\0\xb1\x8f"))))
    path = write(tmp_path / "a.png", make_photograph(metadata=metadata))
    kinds = [kind for kind, _ in chunks(path)]
    assert b"iCCP" in kinds
    assert b"gAMA" in kinds
    assert b"sRGB" not in kinds
    with Image.open(path) as image:
        assert image.info["icc_profile"] == icc


def test_another_reader_sees_resolution_exif_and_xmp(tmp_path, make_photograph, exif_block, xmp):
    metadata = Metadata(exif=exif_block(), xmp=xmp, dpi=(300.0, 150.0), orientation=6)
    path = write(tmp_path / "a.png", make_photograph(metadata=metadata))
    with Image.open(path) as image:
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.02)
        assert image.getexif()[274] == 6
        assert image.getexif()[272] == "Ikonta 521"
        assert image.info["xmp"] == xmp


def test_profiles_as_imagemagick_stores_them(tmp_path, make_photograph, exif_block, xmp):
    def raw(name, data):
        return b"\n" + name + b"\n%8d\n" % len(data) + data.hex().encode() + b"\n"

    block = exif_block(6)
    path = insert(
        write(tmp_path / "a.png", make_photograph()),
        (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw(b"exif", b"Exif\0\0" + block))),
        (b"tEXt", b"Raw profile type xmp\0" + raw(b"xmp", xmp)),
    )
    metadata = read(path).metadata
    assert (metadata.exif, metadata.xmp, metadata.orientation) == (block, xmp, 6)
    assert metadata.encoding == PngEncoding()  # else a second, contradicting block would go back


def test_compressed_xmp(tmp_path, make_photograph, xmp):
    data = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp)
    assert read(insert(write(tmp_path / "a.png", make_photograph()), (b"iTXt", data))).metadata.xmp == xmp


@pytest.mark.parametrize("unit", [0, 1])
def test_resolution_without_a_unit_is_none(tmp_path, make_photograph, unit):
    path = write(tmp_path / "a.png", make_photograph())
    insert(path, (b"pHYs", struct.pack(">IIB", 11811, 5906, unit)))
    assert read(path).metadata.dpi == (pytest.approx((300, 150), abs=0.02) if unit else None)


def test_wrong_checksum_matters_only_in_chunks_that_make_the_picture(tmp_path, make_photograph):
    path = write(
        tmp_path / "a.png", Photograph(make_photograph().pixels, metadata=Metadata(dpi=(300.0, 300.0)))
    )
    data = bytearray(path.read_bytes())
    data[data.index(b"pHYs") + 4] ^= 1
    path.write_bytes(data)
    assert read(path).metadata.dpi is None
    data[data.index(b"IDAT") + 9] ^= 1
    path.write_bytes(data)
    with pytest.raises(RestoraError, match=r"a\.png: the file is damaged \(a checksum is wrong\)"):
        read(path)


def test_first_frame_of_an_animation(tmp_path, make_photograph):
    frames = [Image.fromarray(make_photograph(seed=i).pixels) for i in range(3)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    photograph = read(tmp_path / "a.png")
    assert photograph.notes == ("frame 1 of 3 used",)
    assert_array_equal(photograph.pixels, np.asarray(frames[0]))


def test_text_that_inflates_without_end_is_left_out(tmp_path, make_photograph):
    bomb = zlib.compress(bytes(70_000_000), 1)
    path = insert(write(tmp_path / "a.png", make_photograph()), (b"iCCP", b"x\0\0" + bomb))
    assert read(path).metadata.icc is None


def test_text_of_another_writer(tmp_path, make_photograph):
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "other")
    Image.fromarray(make_photograph().pixels).save(tmp_path / "a.png", pnginfo=info)
    with Image.open(write(tmp_path / "b.png", read(tmp_path / "a.png"))) as image:
        assert image.info["Software"] == "other"


def test_metadata_that_inflates_without_end_shares_one_budget(tmp_path, make_photograph, monkeypatch, xmp):
    """Three hundred chunks of 64 MB each would else take a minute and a half."""
    monkeypatch.setattr(png, "_MAX_INFLATED", 1000)
    text = b"XML:com.adobe.xmp\0\1\0\0\0"
    bomb = b"iCCP", b"x\0\0" + zlib.compress(bytes(900))
    path = write(tmp_path / "a.png", make_photograph())
    insert(path, (b"iTXt", text + zlib.compress(xmp)))
    assert read(path).metadata.xmp == xmp
    insert(path, bomb)
    photograph = read(path)
    assert (len(photograph.metadata.icc), photograph.metadata.xmp) == (900, None)
    assert photograph.notes == ("PNG chunks iTXt left out",)


def test_damaged_metadata_counts_as_what_it_might_have_inflated_to(
    tmp_path, make_photograph, monkeypatch, icc
):
    monkeypatch.setattr(png, "_MAX_INFLATED", 100_000)
    damaged = b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(99_000))[:-5] + bytes(5)
    path = insert(write(tmp_path / "a.png", make_photograph(metadata=Metadata(icc=icc))), damaged)
    assert read(path).notes == ("PNG chunks iTXt, iCCP left out",)


def test_name_of_the_profile(tmp_path, make_photograph, icc):
    path = insert(
        write(tmp_path / "a.png", make_photograph()), (b"iCCP", b"my display\0\0" + zlib.compress(icc))
    )
    back = dict(chunks(write(tmp_path / "b.png", read(path))))
    assert back[b"iCCP"].startswith(b"my display\0\0")
    assert losses("b.jpg", read(path)) == (
        "the name of the colour profile left out, because JPEG has no place for that",
    )


def test_shape_of_pixels(tmp_path, make_photograph):
    path = insert(write(tmp_path / "a.png", make_photograph()), (b"pHYs", struct.pack(">IIB", 2, 1, 0)))
    photograph = read(path)
    assert dict(chunks(write(tmp_path / "b.png", photograph)))[b"pHYs"] == struct.pack(">IIB", 2, 1, 0)
    assert read(write(tmp_path / "b.jpg", photograph)).metadata.density == (2, 1)
    assert read(write(tmp_path / "b.tif", photograph)).metadata.density == (2, 1)
    words = "the shape of the pixels, which are not square, left out, because WebP cannot hold it"
    assert losses("b.webp", photograph) == (words,)


def test_chunks_that_would_be_wrong_are_left_out_and_named(tmp_path, make_photograph):
    parts = (b"sBIT", b"\5\6\5"), (b"bKGD", b"\1"), (b"prIV", b"unsafe"), (b"saFe", b""), (b"saVe", b"safe")
    image = Image.fromarray(make_photograph().pixels).convert("P")
    image.save(tmp_path / "a.png")
    photograph = read(insert(tmp_path / "a.png", *parts))
    assert photograph.notes == ("PNG chunks sBIT, bKGD, prIV left out",)
    assert photograph.metadata.encoding.chunks == ((b"saFe", b""), (b"saVe", b"safe"))
    assert losses("b.webp", photograph) == (
        "the PNG chunks saFe, saVe left out, because WebP has no place for that",
    )


def test_chunk_whose_name_would_reach_the_terminal(tmp_path, make_photograph):
    path = insert(write(tmp_path / "a.png", make_photograph()), (b"\x1b[2J", b""))
    with pytest.raises(RestoraError, match=r"a\.png: the file is damaged \(a chunk has no name\)"):
        read(path)


def test_decoder_that_finds_a_file_odd_does_not_print(tmp_path):
    path = write_chunks(tmp_path / "a.png", header(3, 3, 77, 2), (b"IDAT", b""), (b"IEND", b""))
    code = (
        f"from restora.images import read\ntry: read({str(path)!r})\nexcept Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith(f"{path}: the file is damaged (")
    assert done.stderr == ""


@pytest.mark.parametrize("kind", ["screenshot", "photograph"])
def test_filters_are_those_that_make_the_file_smaller(smooth, kind):
    random = np.random.default_rng(0)
    if kind == "screenshot":  # letters from a few, of an uneven gray, as restoration leaves them
        letters = random.integers(0, 256, (12, 8, 8), np.uint8) // 128 * 235
        pixels = np.block([[letters[i] for i in random.integers(0, 12, 40)] for _ in range(30)]).astype(
            np.uint8
        )
    else:
        pixels = np.tile(smooth, (4, 4, 1)) + random.integers(0, 3, (192, 256, 3), np.uint8)
    sizes = {each: len(imagecodecs.png_encode(pixels, level=6, filter=each)) for each in (8, 248)}
    assert (sizes[8] < 0.9 * sizes[248]) == (kind == "screenshot")
    assert len(encode(Photograph(pixels), "png")) == min(sizes.values())


@pytest.mark.parametrize(("level", "smallest"), [(1, False), (6, False), (9, True)])
def test_the_smallest_come_back_as_small(tmp_path, smooth, level, smallest):
    Image.fromarray(smooth).save(tmp_path / "a.png", compress_level=level)
    photograph = read(tmp_path / "a.png")
    assert photograph.metadata.encoding.smallest == smallest
    assert read(write(tmp_path / "b.png", photograph)).metadata.encoding.smallest == smallest
