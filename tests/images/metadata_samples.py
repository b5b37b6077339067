"""Small files of every format, each with one kind of metadata, and what a conversion must say where it loses it."""

import struct
import zlib
from dataclasses import dataclass
from hashlib import md5
from importlib.util import find_spec

import numpy as np
from image_originals import (
    TURNED,
    UPRIGHT,
    XMP,
    avif_file,
    box_of,
    chunk,
    exif_block,
    heic_file,
    insert_chunks,
    insert_segments,
    pillow_file,
    segment,
    tiff_file,
)
from imagecodecs import jpegxl_encode
from PIL import Image, ImageCms

IPTC = b"\x1c\x02\x05\x00\x05title\x1c\x02\x19\x00\x04rain"
PHOTOSHOP = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC + b"\0" * (len(IPTC) % 2)
PHOTOSHOP += b"8BIM\x04\x0b\0\0\0\0\0\x0ahttp://a.b" + b"8BIM\x04\x0a\0\0\0\0\0\1\1\0"
XMP_TITLE = XMP.replace(
    b"<rdf:RDF/>",
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Jena"/></rdf:RDF>',
)


@dataclass(frozen=True)
class Sample:
    """A file.

    Attributes:
        kind: What it carries.
        suffix: Of its format, with the dot.
        data: The file.
        watch: Tags that say more here than how the pixels are stored; they count in files of the same format only.
    """

    kind: str
    suffix: str
    data: bytes
    watch: tuple[str, ...] = ()


def icc() -> bytes:
    """Return a colour profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def samples() -> list[Sample]:
    """Return the samples of all formats, in order."""
    return [*_jpegs(), *_pngs(), *_tiffs(), *_others(), *_stills()]


def _jpegs() -> list[Sample]:
    plain = pillow_file("JPEG")
    block = b"Exif\0\0" + exif_block()
    big = XMP_TITLE.replace(b"Jena", b"Jena" * 10)
    digest = md5(big, usedforsecurity=False).hexdigest().upper().encode()
    extended = b"http://ns.adobe.com/xmp/extension/\0" + digest + struct.pack(">II", len(big), 0) + big
    note = XMP_TITLE.replace(
        b'photoshop:City="Jena"',
        b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="' + digest + b'"',
    )
    xmp = b"http://ns.adobe.com/xap/1.0/\0"
    made = {
        "EXIF, GPS, maker note": pillow_file("JPEG", exif=block),
        "XMP": insert_segments(plain, segment(0xE1, xmp + XMP_TITLE)),
        "extended XMP": insert_segments(plain, segment(0xE1, xmp + note), segment(0xE1, extended)),
        "colour profile": pillow_file("JPEG", icc_profile=icc()),
        "IPTC, Photoshop": insert_segments(plain, segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP)),
        "comment": pillow_file("JPEG", comment=b"a comment"),
        "resolution": pillow_file("JPEG", dpi=(300, 150)),
        "pixels not square": plain[:13] + struct.pack(">BHH", 0, 72, 36) + plain[18:],
        "other segments": insert_segments(
            plain, segment(0xEC, b"Ducky\0\1\0\4\0\0\0\x50\0\0"), segment(0xE2, b"FPXR\0\0\0\0")
        ),
    }
    return [Sample(kind, ".jpg", data) for kind, data in made.items()]


def _pngs() -> list[Sample]:
    plain, palette = pillow_file("PNG"), pillow_file("PNG", "P")
    raw = b"\niptc\n%8d\n" % len(PHOTOSHOP) + PHOTOSHOP.hex().encode() + b"\n"
    made = {
        "EXIF, GPS, maker note": pillow_file("PNG", exif=b"Exif\0\0" + exif_block()),
        "XMP": insert_chunks(plain, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP_TITLE)),
        "colour profile, its name": insert_chunks(
            plain, chunk(b"iCCP", b"my display\0\0" + zlib.compress(icc()))
        ),
        "texts": insert_chunks(
            plain,
            chunk(b"tEXt", b"Author\0nobody"),
            chunk(b"zTXt", b"Description\0\0" + zlib.compress(b"long")),
            chunk(b"iTXt", "Title\0\0\0de\0Titel\0Straße".encode()),
        ),
        "IPTC as text": insert_chunks(plain, chunk(b"tEXt", b"Raw profile type iptc\0" + raw)),
        "gAMA, cHRM": insert_chunks(
            plain,
            chunk(b"gAMA", struct.pack(">I", 55555)),
            chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)),
        ),
        "sRGB": insert_chunks(plain, chunk(b"sRGB", b"\1")),
        "cICP, mDCV, cLLI": insert_chunks(
            plain,
            chunk(b"cICP", b"\x09\x10\0\1"),
            chunk(b"mDCV", struct.pack(">8H2I", *range(1, 11))),
            chunk(b"cLLI", struct.pack(">2I", 10_000_000, 500_000)),
        ),
        "sBIT, bKGD, tIME": insert_chunks(
            plain,
            chunk(b"sBIT", b"\5\6\5"),
            chunk(b"bKGD", struct.pack(">3H", 1, 2, 3)),
            chunk(b"tIME", struct.pack(">H5B", 2024, 2, 29, 12, 0, 0)),
        ),
        "sBIT of a palette": insert_chunks(palette, chunk(b"sBIT", b"\5\6\5")),
        "resolution": insert_chunks(plain, chunk(b"pHYs", struct.pack(">IIB", 11811, 5906, 1))),
        "pixels not square": insert_chunks(plain, chunk(b"pHYs", struct.pack(">IIB", 2, 1, 0))),
        "offset": insert_chunks(plain, chunk(b"oFFs", struct.pack(">iiB", 10, -20, 0))),
    }
    return [Sample(kind, ".png", data) for kind, data in made.items()]


def _tiffs() -> list[Sample]:
    def tagged(*tags: tuple[int, int, bytes]) -> bytes:
        return tiff_file(software=False, extratags=[(t, kind, len(d), d, True) for t, kind, d in tags])

    geo = [(33550, 12, 3, (1.0, 2.0, 0.0), True), (42112, 2, 5, "gdal", True)]
    made = {
        "EXIF, GPS, maker note": pillow_file("TIFF", exif=b"Exif\0\0" + exif_block()),
        "XMP": tagged((700, 1, XMP_TITLE)),
        "colour profile": tagged((34675, 7, icc())),
        "IPTC": tagged((33723, 7, IPTC)),
        "Photoshop": tagged((34377, 1, PHOTOSHOP)),
        "resolution": tiff_file(software=False, resolution=(300, 150), resolutionunit=2),
        "pixels not square": tiff_file(software=False, resolution=(2, 1), resolutionunit=1),
        "tags of other programs": tiff_file(software=False, extratags=geo),
    }
    return [
        *(Sample(kind, ".tif", data) for kind, data in made.items()),
        Sample("BigTIFF", ".tif", tiff_file(software=False, bigtiff=True), ("FileType",)),
        Sample("half floats", ".tif", tiff_file("float16", gray=True, software=False), ("BitsPerSample",)),
    ]


def _others() -> list[Sample]:
    gif = bytearray(pillow_file("GIF", "L"))
    gif[12] = 113  # pixels twice as wide as high
    body = 13 + (6 << (gif[10] & 7))
    extension = b"!\xff\x0bXMP DataXMP" + XMP_TITLE + b"\1" + bytes(range(255, -1, -1)) + b"\0"
    bmp = pillow_file("BMP", dpi=(300, 150))
    webp = pillow_file("WEBP", exif=b"Exif\0\0" + exif_block(), xmp=XMP_TITLE, icc_profile=icc())
    return [
        Sample("EXIF, XMP, colour profile", ".webp", webp),
        Sample("comment", ".gif", pillow_file("GIF", "L", comment=b"a comment")),
        Sample("pixels not square", ".gif", bytes(gif)),
        Sample("XMP", ".gif", bytes(gif[:12]) + b"\0" + bytes(gif[13:body]) + extension + bytes(gif[body:])),
        Sample("resolution", ".bmp", bmp),
        Sample("colour profile", ".bmp", _bmp_with_profile()),
    ]


def _stills() -> list[Sample]:
    """HEIC only where its package is installed."""
    block = exif_block().replace(TURNED, UPRIGHT)
    avif = pillow_file("AVIF", exif=block, xmp=XMP_TITLE, icc_profile=icc())
    made = [
        Sample("EXIF, XMP, colour profile", ".avif", avif),
        Sample("colour space", ".avif", avif_file(bits=10, level=90, primaries=9, transfer=16)),
    ]
    described = box_of(b"uuid", b"JpgTiffExif->JP2", exif_block())
    described += box_of(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), XMP_TITLE)
    described += box_of(b"uuid", bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"), IPTC)
    made.append(Sample("EXIF, XMP, IPTC", ".jp2", pillow_file("JPEG2000") + described))
    if find_spec("pillow_jxl"):
        plain = bytes(jpegxl_encode(np.asarray(Image.new("RGB", (32, 24))), usecontainer=True))
        described = box_of(b"Exif", bytes(4), block) + box_of(b"xml ", XMP_TITLE)
        made.append(Sample("EXIF, XMP", ".jxl", plain + described))
    if find_spec("pillow_heif"):
        carried = {"exif": b"Exif\0\0" + block, "xmp": XMP_TITLE}
        made += [
            Sample("EXIF, XMP, colour profile", ".heic", heic_file(**carried, icc_profile=icc())),
            Sample("colour space", ".heic", heic_file(bits=10, color_primaries=12)),
        ]
    return made


def _bmp_with_profile() -> bytes:
    """Return a BMP with the newest header, which Pillow does not write."""
    pixels = np.asarray(Image.new("RGB", (32, 24), (200, 100, 50)))[..., ::-1].tobytes()
    profile = icc()
    head = struct.pack("<IiiHHIIiiII", 124, 32, 24, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    head += bytes(16) + b"DEBM" + bytes(48) + struct.pack("<IIII", 4, 124 + len(pixels), len(profile), 0)
    return struct.pack("<2sIII", b"BM", 138 + len(pixels) + len(profile), 0, 138) + head + pixels + profile
