import io
import logging
import struct
from dataclasses import replace

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from image_mutations import many_strips
from numpy.testing import assert_array_equal
from PIL import Image

from restora.errors import RestoraError
from restora.images import Metadata, losses, read, write
from restora.images.metadata import TiffEncoding

LOSSLESS = {None: 1, "lzw": 5, "adobe_deflate": 8, "packbits": 32773, "lzma": 34925, "zstd": 50000}


def tags(path):
    with tifffile.TiffFile(path) as tiff:
        return {tag.code: tag.value for tag in tiff.pages[0].tags}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("gray", "alpha"), [(True, False), (True, True), (False, False), (False, True)])
def test_other_readers_see_the_pixels_written(tmp_path, make_photograph, dtype, gray, alpha):
    photograph = make_photograph(dtype, gray=gray, alpha=alpha)
    path = write(tmp_path / "a.tif", photograph)
    expected = np.dstack([photograph.pixels, photograph.alpha]) if alpha else photograph.pixels
    assert_array_equal(tifffile.imread(path), expected, strict=True)
    if not alpha:  # OpenCV has no gray with alpha, and multiplies colours by alpha
        seen = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert_array_equal(seen if gray else seen[..., ::-1], expected, strict=True)
    if dtype == "uint8":
        with Image.open(path) as image:
            assert_array_equal(np.asarray(image), expected)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True, "rowsperstrip": 4},
        {"compression": "adobe_deflate", "predictor": True},
        {"compression": "packbits"},
        {"compression": "zstd"},
        {"tile": (16, 16)},
        {"tile": (16, 16), "compression": "adobe_deflate", "predictor": True},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "compression": "lzw", "rowsperstrip": 3},
        {"bigtiff": True, "compression": "lzw"},
    ],
    ids=str,
)
def test_files_of_another_writer(tmp_path, make_photograph, dtype, order, options):
    pixels = make_photograph(dtype, size=(21, 35)).pixels
    stored = np.moveaxis(pixels, -1, 0) if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", byteorder=order, metadata=None, **options)
    photograph = read(tmp_path / "a.tif")
    assert_array_equal(photograph.pixels, pixels, strict=True)
    assert photograph.pixels.dtype.isnative
    assert photograph.alpha is None
    assert photograph.notes == ()
    big = bool(options.get("bigtiff"))
    encoding = TiffEncoding(options.get("compression"), bool(options.get("predictor")), big=big, order=order)
    assert photograph.metadata.encoding == encoding
    back = tags(write(tmp_path / "b.tif", photograph))
    assert back[259] == LOSSLESS[options.get("compression")]
    assert (back.get(317, 1) != 1) == bool(options.get("predictor"))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "F", "I;16"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_files_of_a_third_writer(tmp_path, make_photograph, mode, compression):
    p = make_photograph(alpha=True)
    if mode in ("F", "I;16"):
        image = Image.fromarray(make_photograph({"F": "float32", "I;16": "uint16"}[mode], gray=True).pixels)
    else:
        image = Image.fromarray(np.dstack([p.pixels, p.alpha]))
        image = (
            image
            if mode == "RGBA"
            else image.convert("RGB").convert(mode)
            if mode == "P"
            else image.convert(mode)
        )
    image.save(tmp_path / "a.tif", compression=compression)
    photograph = read(tmp_path / "a.tif")
    plain = {"1": "L", "P": "RGB"}.get(mode)
    expected = np.asarray(image.convert(plain) if plain else image)
    if mode in ("LA", "RGBA"):
        assert_array_equal(photograph.alpha, expected[..., -1], strict=True)
        expected = expected[..., 0] if mode == "LA" else expected[..., :3]
    else:
        assert photograph.alpha is None
    assert_array_equal(photograph.pixels, expected, strict=True)


def test_fax_and_white_that_is_zero(tmp_path, make_photograph):
    image = Image.fromarray(make_photograph(gray=True).pixels).convert("1")
    image.save(tmp_path / "a.tif", compression="group4", tiffinfo={262: 0})
    assert_array_equal(read(tmp_path / "a.tif").pixels, np.asarray(image.convert("L")))
    pixels = make_photograph("uint16", gray=True).pixels
    tifffile.imwrite(tmp_path / "b.tif", pixels, photometric="miniswhite")
    assert_array_equal(read(tmp_path / "b.tif").pixels, 65535 - pixels)


def test_jpeg_inside_is_stored_without_loss_afterwards(tmp_path, smooth):
    Image.fromarray(smooth).save(tmp_path / "a.tif", compression="jpeg")
    photograph = read(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as image:
        assert np.abs(photograph.pixels.astype(int) - np.asarray(image)).max() <= 4
    path = write(tmp_path / "b.tif", photograph)
    assert tags(path)[259] == 8
    assert_array_equal(tifffile.imread(path), photograph.pixels)


@pytest.mark.parametrize(("extra", "kind"), [(1, "premultiplied"), (2, "straight"), (0, "unnamed")])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_fourth_channel(tmp_path, dtype, extra, kind):
    full = {"uint8": 255, "uint16": 65535, "float32": 1.0}[dtype]
    stored = (np.array([[[0.4, 0.2, 0.1, 0.5], [0.3, 0.2, 0.1, 0.0], [1, 0.5, 0, 1]]]) * full).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=[extra], metadata=None)
    photograph = read(tmp_path / "a.tif")
    assert_array_equal(photograph.alpha, stored[..., 3], strict=True)
    assert any("premultiplied" in note for note in photograph.notes) == (kind == "premultiplied")
    if kind == "premultiplied":
        divided = stored[0, 0, :3].astype(float) / stored[0, 0, 3] * full
        assert photograph.pixels[0, 0] == pytest.approx(divided, abs=0.5 if full > 1 else 1e-6)
        assert_array_equal(
            photograph.pixels[0, 1:], stored[0, 1:, :3]
        )  # unchanged where nothing or all is seen
    else:
        assert_array_equal(photograph.pixels, stored[..., :3], strict=True)
    back = tags(write(tmp_path / "b.tif", photograph))[338]
    assert np.atleast_1d(back).tolist() == [0 if kind == "unnamed" else 2]


def test_further_channels_are_left_out_with_a_note(tmp_path):
    stored = np.random.default_rng(0).integers(0, 256, (4, 5, 6), np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric="rgb", extrasamples=[2, 0, 0], planarconfig="contig"
    )
    photograph = read(tmp_path / "a.tif")
    assert_array_equal(np.dstack([photograph.pixels, photograph.alpha]), stored[..., :4])
    assert photograph.notes == ("2 further channels left out",)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_inks_become_rgb(tmp_path, smooth, dtype):
    inks = np.asarray(Image.fromarray(smooth).convert("CMYK"))
    stored = inks if dtype == "uint8" else inks.astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="separated", metadata=None)
    photograph = read(tmp_path / "a.tif")
    assert_array_equal(
        photograph.pixels, np.asarray(Image.frombytes("CMYK", (64, 48), inks.tobytes()).convert("RGB"))
    )
    reduced = ("CMYK reduced to 8 bits",) if dtype == "uint16" else ()
    assert photograph.notes == (
        *reduced,
        "CMYK converted to RGB without a profile, so colours are approximate",
    )


def test_first_page_that_is_no_thumbnail(tmp_path, make_photograph):
    small, large, other = (make_photograph(size=size).pixels for size in [(3, 4), (9, 13), (8, 8)])
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(small, photometric="rgb", subfiletype=1)
        tiff.write(large, photometric="rgb")
        tiff.write(other, photometric="rgb")
    photograph = read(tmp_path / "a.tif")
    assert_array_equal(photograph.pixels, large)
    assert photograph.notes == ("page 2 of 3 used",)
    with tifffile.TiffWriter(tmp_path / "b.tif") as tiff:
        tiff.write(large, photometric="rgb", subfiletype=1)
        tiff.write(small, photometric="rgb", subfiletype=1)
    assert_array_equal(read(tmp_path / "b.tif").pixels, large)


def test_pages_that_lead_in_a_circle(tmp_path, make_photograph):
    path = tmp_path / "a.tif"
    pixels = make_photograph().pixels
    tifffile.imwrite(path, pixels, photometric="rgb", metadata=None)
    data = bytearray(path.read_bytes())
    start = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, start)[0]
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    path.write_bytes(data)
    photograph = read(path)
    assert_array_equal(photograph.pixels, pixels)
    assert photograph.notes == ()


def test_twelve_bits_get_the_full_range(tmp_path):
    stored = np.array([[0, 1, 2048, 4095]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", stored, bitspersample=12, photometric="minisblack")
    photograph = read(tmp_path / "a.tif")
    assert photograph.pixels.tolist() == [[round(v * 65535 / 4095) for v in (0, 1, 2048, 4095)]]
    assert photograph.notes == ("12-bit samples widened to 16 bits",)


@pytest.mark.parametrize(
    ("dtype", "notes"), [("float16", ()), ("float64", ("64-bit floats rounded to 32 bits",))]
)
def test_other_floats(tmp_path, dtype, notes):
    stored = np.array([[0.1, -2.5, 7.0]], dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored)
    photograph = read(tmp_path / "a.tif")
    assert_array_equal(photograph.pixels, stored.astype(np.float32), strict=True)
    assert photograph.notes == (
        *notes,
        "values up to 7, of which 1 is taken for white and those above it are kept",
    )
    back = tifffile.imread(write(tmp_path / "b.tif", photograph))
    assert_array_equal(back, stored.astype(dtype if dtype == "float16" else np.float32), strict=True)


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        (
            np.zeros((4, 4), np.int16),
            {},
            "a TIFF of int16 samples is not supported; convert it to 16-bit unsigned",
        ),
        (np.zeros((4, 4), np.uint32), {}, "a TIFF of uint32 samples is not supported"),
        (np.zeros((4, 4), np.complex64), {}, "a TIFF of complex64 samples is not supported"),
        (
            np.zeros((4, 4, 3), np.uint8),
            {"photometric": "cielab"},
            "colour space CIE L.a.b. is not supported; save",
        ),
        (
            np.zeros((16, 16, 16), np.uint8),
            {"volumetric": True, "tile": (16, 16, 16)},
            "volume is not supported",
        ),
        (
            np.zeros((4, 4, 70), np.uint8),
            {"planarconfig": "contig"},
            "a TIFF of 70 channels is not supported",
        ),
    ],
)
def test_what_is_no_photograph(tmp_path, array, options, words):
    options = {"photometric": "minisblack", **options}
    tifffile.imwrite(tmp_path / "a.tif", array, metadata=None, **options)
    with pytest.raises(RestoraError, match=words):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize("order", ["<", ">"])
def test_another_reader_sees_all_metadata(tmp_path, make_photograph, icc, xmp, order):
    exif = Image.Exif()
    exif.endian = order
    exif[271], exif[33432] = "Zeiss", "nobody"
    exif.get_ifd(34665)[36867] = "2001:02:03 04:05:06"
    exif.get_ifd(34853)[1] = "N"
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    metadata = Metadata(icc=icc, exif=block, xmp=xmp, dpi=(300.0, 150.0), orientation=5)
    photograph = make_photograph(metadata=metadata)
    path = write(tmp_path / "a.tif", photograph)
    seen = tags(path)
    assert (seen[271], seen[33432], seen[274], bytes(seen[700])) == ("Zeiss", "nobody", 5, xmp)
    assert (seen[34665]["DateTimeOriginal"], seen[34853]["GPSLatitudeRef"]) == ("2001:02:03 04:05:06", "N")
    assert_array_equal(tifffile.imread(path), photograph.pixels)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == icc
        assert image.info["dpi"] == pytest.approx((300, 150))
        assert image.getexif().get_ifd(34665)[36867] == "2001:02:03 04:05:06"


def test_resolution_beyond_a_fraction(tmp_path, make_photograph):
    path = write(tmp_path / "a.tif", make_photograph(metadata=Metadata(dpi=(5e7, 0.5))))
    assert read(path).metadata.dpi == pytest.approx((5e7, 0.5), rel=1e-3)


def test_tag_that_the_decoder_understands_otherwise(tmp_path, make_photograph):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, make_photograph().pixels, photometric="rgb", metadata=None)
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[0].tags[258].offset
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, place + 2, 9)  # bits per sample as signed numbers
    path.write_bytes(data)
    with pytest.raises(RestoraError, match=r"the file is damaged \(its pixels do not match its header\)"):
        read(path)


def test_odd_files_leave_the_log_of_the_program_alone():
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("tifffile").handlers)


def test_float_predictor_only_for_files_that_came_with_it(tmp_path, make_photograph):
    photograph = make_photograph("float32")
    assert tags(write(tmp_path / "a.tif", photograph)).get(317, 1) == 1
    stream = io.BytesIO()
    tifffile.imwrite(stream, photograph.pixels, photometric="rgb", compression="zstd", predictor=True)
    (tmp_path / "b.tif").write_bytes(stream.getvalue())
    assert tags(write(tmp_path / "c.tif", read(tmp_path / "b.tif")))[317] == 3


IPTC = b"\x1c\2\5\0\5title"
RESOURCES = b"8BIM\3\xed\0\0\0\0\0\x10" + bytes(16)


@pytest.mark.parametrize("order", ["<", ">"])
def test_iptc_and_photoshop_data_go_back(tmp_path, make_photograph, order):
    extra = [(33723, 7, len(IPTC), IPTC, True), (34377, 1, len(RESOURCES), RESOURCES, True)]
    tifffile.imwrite(
        tmp_path / "a.tif", make_photograph().pixels, extratags=extra, byteorder=order, metadata=None
    )
    photograph = read(tmp_path / "a.tif")
    assert photograph.notes == ()
    assert {33723: IPTC, 34377: RESOURCES}.items() <= tags(write(tmp_path / "b.tif", photograph)).items()
    with Image.open(write(tmp_path / "b.jpg", photograph)) as image:
        assert image.info["photoshop"][0x0404] == IPTC
    assert tags(write(tmp_path / "c.tif", read(tmp_path / "b.jpg")))[34377].startswith(RESOURCES)
    assert losses("b.webp", photograph) == (
        "Photoshop's data, with IPTC, left out, because WebP cannot hold it",
        "IPTC left out, because WebP cannot hold it",
    )


def test_big_tiff_stays_one(tmp_path, make_photograph, exif_block):
    tifffile.imwrite(tmp_path / "a.tif", make_photograph().pixels, bigtiff=True, metadata=None)
    photograph = read(tmp_path / "a.tif")
    photograph = replace(photograph, metadata=replace(photograph.metadata, exif=exif_block()))
    with tifffile.TiffFile(write(tmp_path / "b.tif", photograph)) as tiff:
        assert tiff.is_bigtiff
        assert tiff.pages[0].tags[34665].value["MakerNote"] == b"maker note" * 4
        assert_array_equal(tiff.asarray(), photograph.pixels)
    assert read(tmp_path / "b.tif").metadata.encoding.big


def test_tags_that_are_left_out_are_named(tmp_path, make_photograph, exif_block):
    extra = [(33550, 12, 3, (1.0, 1.0, 0.0), True), (65000, 3, 1, 7, True)]
    tifffile.imwrite(tmp_path / "a.tif", make_photograph().pixels, extratags=extra, metadata=None)
    assert read(tmp_path / "a.tif").notes == ("TIFF tags 33550 (ModelPixelScaleTag), 65000 left out",)
    exif = Image.Exif()
    exif[271], exif[301] = "Zeiss", 7
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    words = "EXIF tags 301 left out, because a TIFF uses their place otherwise"
    assert losses("a.tif", make_photograph(metadata=Metadata(exif=block))) == (words,)
    assert losses("a.tif", make_photograph(metadata=Metadata(exif=exif_block(6)))) == ()


def test_density_without_a_unit(tmp_path, make_photograph):
    path = write(tmp_path / "a.tif", make_photograph(metadata=Metadata(density=(1.0, 1.5))))
    assert (tags(path)[282], tags(path)[283], tags(path)[296]) == ((1, 1), (3, 2), 1)
    assert read(path).metadata.density == (1, 1.5)
    assert read(write(tmp_path / "a.png", read(path))).metadata.density == (1000, 1500)


@pytest.mark.parametrize("options", [{"tile": (16, 16)}, {"rowsperstrip": 16}, {}], ids=str)
def test_jpeg_in_a_strip_that_claims_to_be_larger_than_it(tmp_path, make_photograph, options):
    """Three kilobytes would else take a gigabyte."""
    pixels = make_photograph(size=(40, 50)).pixels
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", compression="jpeg", metadata=None, **options)
    assert read(path).width == 50
    data = bytearray(path.read_bytes())
    last = data.rindex(b"\xff\xc0\0\x11\x08")
    data[last + 5 : last + 9] = struct.pack(">HH", 20_000, 20_000)
    path.write_bytes(data)
    with pytest.raises(RestoraError, match="a strip is not of the size that it should be"):
        read(path)
    path.write_bytes(data.replace(b"\xff\xc0\0\x11\x08", b"\xff\xcc\0\x11\x08"))
    with pytest.raises(RestoraError, match="a strip is not of the size that it should be"):
        read(path)


@pytest.mark.parametrize("compression", ["webp", "png", "jpeg2000"])
@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}], ids=["strips", "tiles"])
def test_pictures_in_strips_are_read_if_they_are_as_large_as_these(tmp_path, smooth, compression, layout):
    options = (
        {"compressionargs": {"level": -1 if compression == "webp" else 0}} if compression != "png" else {}
    )
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, smooth, photometric="rgb", metadata=None, compression=compression, **layout, **options
    )
    assert_array_equal(read(path).pixels, smooth)
    data = path.read_bytes()
    side = layout.get("tile", (48, 64))[1]
    claims = {
        "png": (b"IHDR", struct.pack(">I", side), struct.pack(">I", 30_000)),
        "jpeg2000": (b"\xff\x4f\xff\x51", struct.pack(">I", side), struct.pack(">I", 30_000)),
        "webp": (b"VP8L", None, None),
    }
    mark, old, new = claims[compression]
    place = data.index(mark)
    if old is None:  # 14 bits each for width and height, less one
        place, new = place + 9, struct.pack("<I", (16_383 - 1) | (16_383 - 1) << 14)
    else:
        place = data.index(old, place)
    path.write_bytes(data[:place] + new + data[place + len(new) :])
    with pytest.raises(RestoraError, match="a strip is not of the size that it should be"):
        read(path)


@pytest.mark.parametrize("compression", ["jpegxl", "jpegxl_dng"])
@pytest.mark.parametrize("layout", [{}, {"tile": (16, 32)}], ids=["strips", "tiles"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(("gray", "alpha"), [(True, False), (False, False), (False, True)])
def test_jpeg_xl_inside(tmp_path, make_photograph, compression, layout, dtype, gray, alpha):
    original = make_photograph(dtype, gray=gray, alpha=alpha, size=(48, 64))
    stored = np.dstack([original.pixels, original.alpha]) if alpha else original.pixels
    options = {"photometric": "minisblack" if gray else "rgb", "metadata": None, **layout}
    if alpha:
        options["extrasamples"] = ["unassalpha"]
    arguments = {"lossless": True}
    tifffile.imwrite(
        tmp_path / "a.tif", stored, compression=compression, compressionargs=arguments, **options
    )
    photograph = read(tmp_path / "a.tif")
    assert_array_equal(photograph.pixels, original.pixels, strict=True)
    if alpha:
        assert_array_equal(photograph.alpha, original.alpha, strict=True)
    assert tags(write(tmp_path / "b.tif", photograph))[259] == 8


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((500, 64, 3), np.uint8),
        np.zeros((3, 48, 64, 3), np.uint8),
        np.zeros((5, 48, 64), np.uint8),
    ],
    ids=["too large", "three frames", "five channels"],
)
def test_jpeg_xl_inside_that_is_another_picture_is_refused_before_it_is_decoded(tmp_path, smooth, picture):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, smooth, photometric="rgb", compression="jpegxl", metadata=None)
    options = {"photometric": 1, "planar": True} if picture.shape == (5, 48, 64) else {}
    strip = imagecodecs.jpegxl_encode(picture, lossless=True, **options)
    at = path.stat().st_size
    path.write_bytes(path.read_bytes() + strip)
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages[0].tags[273].overwrite([at])
        tiff.pages[0].tags[279].overwrite([len(strip)])
    with pytest.raises(RestoraError, match="a strip is not of the size that it should be"):
        read(path)


def test_strips_without_number_are_refused_before_they_are_decoded(tmp_path):
    """A million strips that all are one place would else take many seconds."""
    path = tmp_path / "a.tif"
    path.write_bytes(many_strips(1000))
    assert read(path).height == 1000
    path.write_bytes(many_strips(300_000))
    with pytest.raises(
        RestoraError, match="a TIFF of 300000 strips or tiles, which may be an attack on time, is not"
    ):
        read(path)
