import io
import struct

import cv2
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image, ImageCms

from restora.errors import RestoraError
from restora.images import Metadata, Photograph, exif, ifd, read, write
from restora.images.codecs.jpeg_segments import MAX_EXIF, MAX_XMP
from restora.images.metadata import JpegEncoding

SAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def encoding_of(path):
    """Tables and subsampling as another library reads them."""
    from PIL import JpegImagePlugin

    with Image.open(path) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
    return image.quantization, JpegImagePlugin.get_sampling(image), bool(image.info.get("progressive"))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("gray", [False, True])
def test_pixels_equal_those_of_another_reader(tmp_path, smooth, gray, progressive):
    picture = smooth[..., 0] if gray else smooth
    options = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    cv2.imwrite(str(tmp_path / "a.jpg"), picture if gray else picture[..., ::-1], options)
    photograph = read(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert_array_equal(photograph.pixels, np.asarray(image), strict=True)
    assert photograph.is_gray == gray
    assert photograph.metadata.encoding.progressive == progressive
    assert (photograph.metadata.encoding.subsampling is None) == gray


@pytest.mark.parametrize("gray", [False, True])
def test_other_readers_see_nearly_the_pixels_written(tmp_path, smooth, gray):
    picture = smooth[..., 0].copy() if gray else smooth
    path = write(tmp_path / "a.jpg", Photograph(picture))
    with Image.open(path) as image:
        assert image.mode == ("L" if gray else "RGB")
        assert np.abs(np.asarray(image).astype(int) - picture).max() <= 8
    seen = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert np.abs((seen if gray else seen[..., ::-1]).astype(int) - picture).max() <= 8


@pytest.mark.parametrize("quality", [30, 75, 100])
@pytest.mark.parametrize("sampling", SAMPLING)
@pytest.mark.parametrize("progressive", [False, True])
def test_result_is_compressed_as_the_input_was(tmp_path, smooth, quality, sampling, progressive):
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    image = Image.fromarray(smooth)
    image.save(source, quality=quality, subsampling=SAMPLING[sampling], progressive=progressive)
    photograph = read(source)
    assert photograph.metadata.encoding.subsampling == sampling
    write(target, photograph)
    assert encoding_of(target) == encoding_of(source)
    assert abs(target.stat().st_size / source.stat().st_size - 1) < 0.1


def test_tables_of_an_unusual_encoder(tmp_path, smooth):
    luma, chroma = list(range(1, 65)), list(range(65, 129))
    Image.fromarray(smooth).save(tmp_path / "a.jpg", qtables=[luma, chroma])
    photograph = read(tmp_path / "a.jpg")
    assert photograph.metadata.encoding.quantization == (tuple(luma), tuple(chroma))
    assert encoding_of(write(tmp_path / "b.jpg", photograph))[0] == {0: luma, 1: chroma}


def test_quality_of_the_user_rules_but_colour_resolution_stays(tmp_path, smooth):
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=30, subsampling=2)
    Image.fromarray(smooth).save(tmp_path / "expected.jpg", quality=85, subsampling=2)
    written = write(tmp_path / "b.jpg", read(tmp_path / "a.jpg"), quality=85)
    assert encoding_of(written) == encoding_of(tmp_path / "expected.jpg")


def test_photograph_of_another_kind_gets_fine_quality_and_full_colour(tmp_path, smooth):
    Image.fromarray(smooth).save(tmp_path / "expected.jpg", quality=95, subsampling=0)
    assert encoding_of(write(tmp_path / "a.jpg", Photograph(smooth))) == encoding_of(
        tmp_path / "expected.jpg"
    )


def test_gray_source_with_colour_result(tmp_path, smooth):
    Image.fromarray(smooth[..., 0]).save(tmp_path / "a.jpg", quality=60)
    photograph = read(tmp_path / "a.jpg").with_pixels(smooth)
    tables, sampling, _ = encoding_of(write(tmp_path / "b.jpg", photograph))
    assert set(map(tuple, tables.values())) == set(photograph.metadata.encoding.quantization)
    assert sampling == 0


@pytest.mark.parametrize("sampling", ["4:1:1", "4:4:0", None])
def test_colour_resolution_that_the_encoder_does_not_know(tmp_path, smooth, sampling):
    source = JpegEncoding(((2,) * 64, (3,) * 64), sampling)
    path = write(tmp_path / "a.jpg", Photograph(smooth, metadata=Metadata(encoding=source)))
    assert encoding_of(path)[1] == (1 if sampling == "4:1:1" else 0)


def test_noise_at_the_finest_quality(tmp_path, make_photograph):
    source = JpegEncoding(((1,) * 64, (1,) * 64), "4:4:4", progressive=True)
    photograph = make_photograph(size=(200, 300), metadata=Metadata(encoding=source))
    back = read(write(tmp_path / "a.jpg", photograph))
    assert np.abs(back.pixels.astype(int) - photograph.pixels).mean() < 2


def test_inks_become_rgb(tmp_path, smooth):
    image = Image.fromarray(smooth).convert("CMYK")
    image.save(tmp_path / "a.jpg", quality=100, subsampling=0)
    photograph = read(tmp_path / "a.jpg")
    assert photograph.notes == ("CMYK converted to RGB without a profile, so colours are approximate",)
    assert np.abs(photograph.pixels.astype(int) - smooth).max() <= 8
    # Without Adobe's mark the inks are stored as they are, not inverted.
    data = (tmp_path / "a.jpg").read_bytes()
    start = data.index(b"\xff\xee")
    (tmp_path / "b.jpg").write_bytes(
        data[:start] + data[start + 2 + struct.unpack_from(">H", data, start + 2)[0] :]
    )
    assert (
        np.abs(read(tmp_path / "b.jpg").pixels.astype(int) - (255 - np.asarray(image)[..., :3])).mean() > 50
    )


def test_profile_of_another_kind_of_colour_is_used_up_by_inks(tmp_path, smooth, icc):
    # No profile for inks comes with the libraries: one for RGB cannot be applied, and must not be attached.
    Image.fromarray(smooth).convert("CMYK").save(tmp_path / "a.jpg", icc_profile=icc)
    photograph = read(tmp_path / "a.jpg")
    assert photograph.metadata.icc is None
    assert "without a profile" in photograph.notes[0]


def test_orientation_and_thumbnail_are_put_right(tmp_path, smooth, exif_block, described):
    block = exif_block()
    layout, offset = ifd.read_header(io.BytesIO(block))
    first = ifd.read_directory(io.BytesIO(block), layout, offset, exif.POINTERS)
    thumbnail = io.BytesIO()
    Image.fromarray(smooth[:16, :16].copy()).save(thumbnail, "JPEG")
    entries = {513: 0, 514: len(thumbnail.getvalue())}
    second = len(block) + len(block) % 2
    entries[513] = second + 2 + 12 * 2 + 4
    rows = b"".join(struct.pack(layout.order + "HHII", tag, 4, 1, v) for tag, v in entries.items())
    data = bytearray(block + bytes(len(block) % 2))
    struct.pack_into(layout.order + "I", data, first.following_position, second)
    data += struct.pack(layout.order + "H", 2) + rows + bytes(4) + thumbnail.getvalue()
    Image.fromarray(smooth).save(tmp_path / "a.jpg", exif=b"Exif\0\0" + bytes(data))
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:  # an independent reader of directories
        assert len(tiff.pages) == 2
    photograph = read(tmp_path / "a.jpg")
    turned = Photograph(photograph.pixels, metadata=Metadata(exif=photograph.metadata.exif, orientation=6))
    path = write(tmp_path / "b.jpg", turned)
    assert thumbnail.getvalue() not in path.read_bytes()
    with Image.open(path) as image:
        assert image.getexif()[274] == 6
    with tifffile.TiffFile(io.BytesIO(read(path).metadata.exif)) as tiff:
        assert len(tiff.pages) == 1
    assert described(read(path).metadata.exif) == described(block)


def test_another_reader_sees_all_metadata(tmp_path, make_photograph, exif_block, xmp):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(
        150_000
    )  # three segments
    metadata = Metadata(icc=profile, exif=exif_block(), xmp=xmp, dpi=(300.0, 150.0), orientation=3)
    path = write(tmp_path / "a.jpg", make_photograph(metadata=metadata))
    with Image.open(path) as image:
        assert image.info["icc_profile"] == profile
        assert image.info["xmp"] == xmp
        assert image.info["dpi"] == (300, 150)
        assert (image.getexif()[274], image.getexif()[272]) == (3, "Ikonta 521")
    assert read(path).metadata.icc == profile


def test_metadata_too_long_for_a_segment(tmp_path, make_photograph, exif_block):
    blocks = {"exif": exif_block() + bytes(MAX_EXIF), "xmp": b"x" * (MAX_XMP + 1), "icc": bytes(17_000_000)}
    photograph = make_photograph(metadata=Metadata(**blocks))
    back = read(write(tmp_path / "a.jpg", photograph)).metadata
    assert (back.exif, back.xmp, back.icc) == (None, None, None)
    fits = Metadata(xmp=b"x" * MAX_XMP)
    assert read(write(tmp_path / "b.jpg", make_photograph(metadata=fits))).metadata.xmp == fits.xmp


def test_extended_xmp_goes_back_whole(tmp_path, make_photograph, xmp):
    extended = np.random.default_rng(0).bytes(150_000)
    source = JpegEncoding(((1,) * 64, (1,) * 64), "4:4:4", extended_xmp=extended)
    path = write(tmp_path / "a.jpg", make_photograph(metadata=Metadata(xmp=xmp, encoding=source)))
    first = read(path)
    assert first.metadata.encoding.extended_xmp == extended
    assert read(write(tmp_path / "b.jpg", first)).metadata == first.metadata


def test_first_of_several_pictures(tmp_path, smooth):
    other = Image.fromarray(smooth[::-1].copy())
    Image.fromarray(smooth).save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[other], quality=95)
    photograph = read(tmp_path / "a.jpg")
    assert photograph.notes == ("first picture of a multi-picture file used",)
    assert np.abs(photograph.pixels.astype(int) - smooth).mean() < 3


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("part", [0.4, 0.7, 0.95])
def test_end_marker_after_missing_data_does_not_hide_it(tmp_path, make_photograph, part, progressive):
    """Files that were repaired by putting an end marker behind what was left."""
    stream = io.BytesIO()
    picture = make_photograph(size=(64, 64)).pixels
    Image.fromarray(picture).save(stream, "JPEG", quality=95, progressive=progressive)
    data = stream.getvalue()
    if progressive:  # cut between scans: within the last it cannot be seen
        starts = [i for i in range(len(data) - 1) if data[i : i + 2] == b"\xff\xda"]
        cut = starts[int(part * len(starts))]
    else:
        cut = int(part * len(data))
    (tmp_path / "a.jpg").write_bytes(data[:cut].rstrip(b"\xff") + b"\xff\xd9")
    with pytest.raises(RestoraError, match=r"a\.jpg: the file is (cut short|damaged)"):
        read(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("place", "byte", "words"), [(4, 12, "a JPEG of 12 bits is not supported"), (6, 0, "32 x 0")]
)
def test_frames_that_are_not_supported(tmp_path, make_photograph, place, byte, words):
    path = write(tmp_path / "a.jpg", make_photograph(size=(24, 32)))
    data = bytearray(path.read_bytes())
    data[data.index(b"\xff\xc0") + place] = byte
    if place == 6:
        data[data.index(b"\xff\xc0") + 5] = 0
    path.write_bytes(data)
    with pytest.raises(RestoraError, match=words):
        read(path)


def test_segments_that_no_decoder_needs_do_no_harm(tmp_path, smooth, exif_block, xmp):
    def segment(marker: int, payload: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload

    stream = io.BytesIO()
    Image.fromarray(smooth).save(stream, "JPEG", quality=95)
    head, body = stream.getvalue()[:2], stream.getvalue()[2:]
    first, second = exif_block(orientation=6), exif_block(orientation=3)
    packets = (xmp, xmp.replace(b'"6"', b'"8"'))
    added = [segment(0xE1, b"Exif\0\0" + block) for block in (first, second)]
    added += [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet) for packet in packets]
    added += [segment(0xE2, b"ICC_PROFILE\0"), segment(0xFE, b"a comment")]
    (tmp_path / "a.jpg").write_bytes(head + b"".join(added) + b"stray" + body)
    photograph = read(tmp_path / "a.jpg")
    assert_array_equal(photograph.pixels, np.asarray(Image.open(stream)))
    assert (photograph.metadata.exif, photograph.metadata.xmp) == (first, packets[0])
    assert (photograph.metadata.icc, photograph.metadata.orientation) == (None, 6)


def progressive_with(scans, side):
    """A progressive file whose last scan, of a few bytes, comes `scans` times more."""
    stream = io.BytesIO()
    Image.new("RGB", (side, side)).save(stream, "JPEG", progressive=True)
    data = stream.getvalue()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * scans + b"\xff\xd9"


def test_many_scans_of_a_large_picture_are_refused_before_it_is_decoded(tmp_path):
    """A few kilobytes would else keep a processor busy for half a minute."""
    path = tmp_path / "a.jpg"
    path.write_bytes(progressive_with(400, 2048))
    with pytest.raises(
        RestoraError, match=r"a\.jpg: a JPEG of 410 scans, which may be an attack on time, is"
    ):
        read(path)
    path.write_bytes(progressive_with(100, 64))
    assert read(path).width == 64


IPTC = b"\x1c\2\5\0\5title"  # object name
RESOURCES = b"8BIM\4\4\0\0\0\0\0\x0a" + IPTC + b"8BIM\3\xed\0\0\0\0\0\x10" + bytes(16)
THUMBNAIL = b"8BIM\4\x0c\0\0\0\0\0\3jpg\0"


def with_segments(path, picture, *segments):
    """A file with further segments behind its start marker."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG")
    data = stream.getvalue()
    segments = (struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload for marker, payload in segments)
    path.write_bytes(data[:20] + b"".join(segments) + data[20:])  # behind JFIF
    return path


def test_photoshop_data_and_comments_go_back(tmp_path, smooth):
    first, second = RESOURCES[:30], RESOURCES[30:] + THUMBNAIL
    app13 = b"Photoshop 3.0\0"
    segments = (0xED, app13 + first), (0xED, app13 + second), (0xFE, b"a comment"), (0xFE, b"another")
    photograph = read(with_segments(tmp_path / "a.jpg", smooth, *segments))
    assert photograph.notes == ()
    with Image.open(write(tmp_path / "b.jpg", photograph)) as image:
        assert image.info["photoshop"][0x0404] == IPTC
        assert 0x040C not in image.info["photoshop"]  # the picture as it was
    back = read(tmp_path / "b.jpg").metadata
    assert back.photoshop == RESOURCES
    assert back.comments == (b"a comment", b"another")


def test_photoshop_data_larger_than_a_segment(tmp_path, make_photograph):
    data = b"8BIM\3\xf0\0\0" + struct.pack(">I", 200_000) + bytes(200_000)
    path = write(
        tmp_path / "a.jpg", make_photograph(metadata=Metadata(photoshop=data, comments=(b"c" * 70_000,)))
    )
    back = read(path).metadata
    assert back.photoshop == data
    assert b"".join(back.comments) == b"c" * 70_000


def test_photoshop_data_that_is_damaged_goes_back_as_it_came(tmp_path, make_photograph):
    data = RESOURCES + b"8BIM\4\x0c\0\0\0\0\xff\0"
    assert (
        read(write(tmp_path / "a.jpg", make_photograph(metadata=Metadata(photoshop=data)))).metadata.photoshop
        == data
    )


def test_what_is_left_out_is_named(tmp_path, smooth):
    segments = (0xEB, b"JP\0\1content credentials"), (0xEC, b"Ducky\0"), (0xE0, b"JFXX\0"), (0xE5, b"\x1b[2J")
    path = with_segments(tmp_path / "a.jpg", smooth, *segments)
    path.write_bytes(path.read_bytes() + b"\0\0\0\x18ftypmp42")
    assert read(path).notes == (
        "JPEG segments APP11 (JP), APP12 (Ducky), APP0 (JFXX), APP5 left out",
        "data behind the picture, such as a video, left out",
    )


def test_density_without_a_unit(tmp_path, make_photograph):
    path = write(tmp_path / "a.jpg", make_photograph(metadata=Metadata(density=(72.0, 36.0))))
    with Image.open(path) as image:
        assert (image.info["jfif_unit"], image.info["jfif_density"]) == (0, (72, 36))
    assert read(path).metadata.density == (72, 36)


def test_segments_without_number(tmp_path, smooth):
    path = with_segments(tmp_path / "a.jpg", smooth, *[(0xE5, b"")] * 66_000)
    with pytest.raises(RestoraError, match="more segments than a picture can have"):
        read(path)
