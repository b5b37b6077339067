"""Small sound files of every image format and of many kinds, with metadata: what mutations start from."""

import io
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms, PngImagePlugin, TiffImagePlugin

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TURNED, UPRIGHT = (b"\1\x12\0\3\0\0\0\1\0" + value for value in (b"\6", b"\1"))
"""EXIF's orientation, as `exif_block` has it, and of a picture that is upright."""
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def segment(marker: int, payload: bytes) -> bytes:
    """Return a JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def insert_chunks(png: bytes, *parts: bytes) -> bytes:
    """Put chunks behind the header of a PNG file."""
    return png[:33] + b"".join(parts) + png[33:]


def insert_segments(jpeg: bytes, *parts: bytes) -> bytes:
    """Put segments behind the start marker of a JPEG file."""
    return jpeg[:2] + b"".join(parts) + jpeg[2:]


def exif_block() -> bytes:
    """Return an EXIF block with camera, exposure and position."""
    exif = Image.Exif()
    exif[271], exif[274], exif[33432] = "Zeiss", 6, "nobody"
    exif.get_ifd(34665).update({33434: TiffImagePlugin.IFDRational(1, 250), 37500: b"maker note" * 4})
    exif.get_ifd(34853).update({1: "N", 2: (48.0, 8.0, 14.5)})
    return exif.tobytes().removeprefix(b"Exif\0\0")


def picture(mode: str = "RGB", *, number: int = 0) -> Image.Image:
    """Return a smooth picture with a little noise, 32 x 24."""
    y, x = np.mgrid[0:24, 0:32]
    noise = np.random.default_rng(number).integers(0, 16, (24, 32, 4))
    colours = np.stack([5 * y, 4 * x, 2 * x + 3 * y, 255 - 3 * x], axis=-1) + noise
    return (
        Image.fromarray(colours.astype(np.uint8), "RGBA")
        .convert("RGB" if mode == "P" else mode)
        .convert(mode)
    )


def pillow_file(file_format: str, mode: str = "RGB", *, frames: int = 1, **options: Any) -> bytes:
    """Return a file as Pillow writes it."""
    if frames > 1:
        options |= {"save_all": True, "append_images": [picture(mode, number=i) for i in range(1, frames)]}
    stream = io.BytesIO()
    picture(mode).save(stream, file_format, **options)
    return stream.getvalue()


def tiff_file(dtype: str = "uint8", *, gray: bool = False, **options: Any) -> bytes:
    """Return a file as tifffile writes it."""
    scale = {"uint8": 1.0, "uint16": 257.0}.get(dtype, 1 / 255)
    pixels = (np.asarray(picture("L" if gray else "RGB")) * scale).astype(dtype)
    if options.get("planarconfig") == "separate":
        pixels = np.moveaxis(pixels, -1, 0)
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, photometric="minisblack" if gray else "rgb", metadata=None, **options)
    return stream.getvalue()


def _jpegs(icc: bytes, exif: bytes) -> dict[str, bytes]:
    described = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP) + segment(
        0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x0a\x1c\x02\x05\0\x05title"
    )
    plain = pillow_file("JPEG", exif=b"Exif\0\0" + exif, icc_profile=icc, comment=b"a comment", dpi=(72, 72))
    return {
        "jpeg": insert_segments(plain, described),
        "jpeg-420-restarts": pillow_file("JPEG", subsampling="4:2:0", restart_marker_blocks=2),
        "jpeg-progressive": pillow_file("JPEG", progressive=True, exif=b"Exif\0\0" + exif),
        "jpeg-gray": pillow_file("JPEG", "L"),
        "jpeg-cmyk": pillow_file("JPEG", "CMYK"),
    }


def _pngs(icc: bytes, exif: bytes) -> dict[str, bytes]:
    described = PngImagePlugin.PngInfo()
    described.add_text("Title", "a title", zip=True)
    described.add_itxt("XML:com.adobe.xmp", XMP.decode())
    deep = Image.fromarray(np.asarray(picture("L")).astype(np.uint16) * 257)
    stream = io.BytesIO()
    deep.save(stream, "PNG")
    full = pillow_file(
        "PNG", "RGBA", icc_profile=icc, exif=b"Exif\0\0" + exif, dpi=(300, 300), pnginfo=described
    )
    return {
        "png": full,
        "png-chunks": insert_chunks(
            pillow_file("PNG"),
            chunk(b"gAMA", struct.pack(">I", 45455)),
            chunk(b"sBIT", b"\5\6\5"),
            chunk(b"cICP", b"\x09\x10\0\1"),
            chunk(b"bKGD", bytes(6)),
            chunk(b"tIME", struct.pack(">H5B", 2024, 2, 29, 12, 0, 0)),
            chunk(b"pHYs", struct.pack(">IIB", 2, 1, 0)),
        ),
        "png-gray-alpha": pillow_file("PNG", "LA"),
        "png-palette": pillow_file("PNG", "P", transparency=bytes(range(0, 250, 10))),
        "png-bits": pillow_file("PNG", "1"),
        "png-16": stream.getvalue(),
        "png-animated": pillow_file("PNG", frames=3),
    }


def _tiffs(icc: bytes, exif: bytes) -> dict[str, bytes]:
    tags = [
        (34675, 7, len(icc), icc, True),
        (700, 1, len(XMP), XMP, True),
        (33723, 7, 12, b"\x1c\x02\x05\0\5title  ", True),
    ]
    return {
        "tiff": tiff_file(rowsperstrip=5, extratags=tags, resolution=(300, 300), resolutionunit=2),
        "tiff-exif": pillow_file("TIFF", exif=b"Exif\0\0" + exif),
        "tiff-lzw-16": tiff_file("uint16", compression="lzw", predictor=True, rowsperstrip=7, byteorder=">"),
        "tiff-tiles-float": tiff_file("float32", compression="adobe_deflate", predictor=True, tile=(16, 16)),
        "tiff-half": tiff_file("float16", gray=True),
        "tiff-big-planes": tiff_file("uint16", bigtiff=True, planarconfig="separate", compression="zstd"),
        "tiff-palette": pillow_file("TIFF", "P", compression="packbits"),
        "tiff-bits": pillow_file("TIFF", "1", compression="group4"),
        "tiff-jpeg": tiff_file(compression="jpeg", tile=(16, 16)),
        "tiff-cmyk": pillow_file("TIFF", "CMYK", compression="tiff_lzw"),
        "tiff-pages": pillow_file("TIFF", "L", frames=3),
    }


def _others(icc: bytes, exif: bytes) -> dict[str, bytes]:
    return {
        "webp": pillow_file("WEBP", icc_profile=icc, exif=b"Exif\0\0" + exif, xmp=XMP),
        "webp-lossless": pillow_file("WEBP", "RGBA", lossless=True),
        "webp-animated": pillow_file("WEBP", "RGBA", frames=3),
        "bmp": pillow_file("BMP", dpi=(300, 300)),
        "bmp-palette": pillow_file("BMP", "P"),
        "bmp-gray": pillow_file("BMP", "L"),
        "bmp-alpha": pillow_file("BMP", "RGBA"),
        "gif": pillow_file("GIF", "L", comment=b"a comment"),
        "gif-transparent": pillow_file("GIF", "P", transparency=7, interlace=1),
        "gif-animated": pillow_file("GIF", "P", frames=3),
    }


@cache
def originals() -> Mapping[str, bytes]:
    """Return sound files by name; what stands before the first hyphen is the suffix."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = exif_block()
    return {
        name: data for kinds in (_jpegs, _pngs, _tiffs, _others) for name, data in kinds(icc, exif).items()
    }


def box_of(kind: bytes, *content: bytes) -> bytes:
    """Return a box, of which the formats of ISO are made."""
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def heic_file(mode: str = "RGB", *, side: int = 0, bits: int = 8, **options: Any) -> bytes:
    """Return a file as libheif writes it, of a larger picture if a side is given."""
    import pillow_heif

    image = picture(mode).resize((side, side)) if side else picture(mode)
    pixels = np.asarray(image)
    if bits > 8:
        mode, pixels = f"{mode};{bits}", pixels.astype(np.uint16) << (bits - 8)
    stream = io.BytesIO()
    pillow_heif.encode(mode, image.size, pixels.tobytes(), stream, bit_depth=bits, **options)
    return stream.getvalue()


def avif_file(mode: str = "RGB", *, bits: int = 8, **options: Any) -> bytes:
    """Return a file as libavif writes it through imagecodecs, without metadata."""
    pixels = np.asarray(picture(mode))
    pixels = pixels if bits == 8 else pixels.astype(np.uint16) << (bits - 8)
    return bytes(imagecodecs.avif_encode(pixels, bitspersample=bits, speed=8, **options))


def dng_file(scene: Any = None, neutral: tuple[int, int, int] = (1, 2, 1), **options: Any) -> bytes:
    """Return a DNG file with EXIF.

    Args:
        scene: (H, W, 3) uint16, linear light, 0 to 4095; a gray picture of 24 x 32 when left out.
        neutral: Half of what the sensor sees of white in red, green and blue.
        options: For tifffile.
    """
    scene = (
        np.asarray(picture("L")).astype(np.uint16)[..., None].repeat(3, 2) * 12 if scene is None else scene
    )
    seen = (scene * (np.array(neutral) / 2)).astype(np.uint16) + 64
    mosaic = seen[..., 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = seen[::2, ::2, 0], seen[1::2, 1::2, 2]
    to_camera = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)  # from XYZ, as if it saw in sRGB
    tags = [
        (271, 2, 0, "Zeiss", True),
        (272, 2, 0, "Ikonta", True),
        (274, 3, 1, 6, True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, b"\0\1\1\2", True),
        (33432, 2, 0, "nobody", True),
        (50706, 1, 4, b"\1\4\0\0", True),
        (50708, 2, 0, "Zeiss Ikonta", True),
        (50714, 3, 1, 64, True),
        (50717, 4, 1, 4095 + 64, True),
        (50721, 10, 9, tuple(n for value in to_camera for n in (value, 10_000)), True),
        (50728, 5, 3, tuple(n for value in neutral for n in (value, 2)), True),
        (50778, 3, 1, 21, True),
    ]
    stream = io.BytesIO()
    tifffile.imwrite(
        stream, mosaic, photometric="cfa", metadata=None, software=False, extratags=tags, **options
    )
    return stream.getvalue()


def _described_jp2(data: bytes, exif: bytes) -> bytes:
    xmp = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    return data + box_of(b"uuid", b"JpgTiffExif->JP2", exif) + box_of(b"uuid", xmp, XMP)


def _stills(icc: bytes, exif: bytes) -> dict[str, bytes]:
    made = {
        "avif": pillow_file("AVIF", exif=exif, xmp=XMP, icc_profile=icc, quality=90),
        "avif-10": avif_file("RGBA", bits=10, level=90, primaries=9, transfer=16),
        "avif-gray": avif_file("L", level=100, pixelformat="400"),
        "avif-animated": pillow_file("AVIF", frames=3),
    }
    deep = np.asarray(picture()).astype(np.uint16) * 257
    made |= {
        "jp2": _described_jp2(pillow_file("JPEG2000", irreversible=False), exif),
        "jp2-16": bytes(imagecodecs.jpeg2k_encode(deep, level=0, codecformat="j2k")),
        **{
            f"tiff-{kind}": tiff_file(compression=kind, tile=(16, 16)) for kind in ("jpeg2000", "webp", "png")
        },
        "jp2-tiles": pillow_file("JPEG2000", "RGBA", tile_size=(16, 16), irreversible=True),
    }
    if find_spec("pillow_jxl"):
        plain = imagecodecs.jpegxl_encode(np.asarray(picture("RGBA")), lossless=True, usecontainer=True)
        made |= {
            "jxl": bytes(plain) + box_of(b"Exif", bytes(4), exif) + box_of(b"xml ", XMP),
            "jxl-lossy": bytes(imagecodecs.jpegxl_encode(np.asarray(picture()), level=90)),
            "jxl-16": bytes(imagecodecs.jpegxl_encode(deep, lossless=True)),
            "jxl-animated": bytes(imagecodecs.jpegxl_encode(np.stack([deep] * 3), lossless=True)),
        }
    if find_spec("pillow_heif"):
        upright = exif.replace(TURNED, UPRIGHT)
        made |= {
            "heic": heic_file(exif=b"Exif\0\0" + upright, xmp=XMP, icc_profile=icc),
            "heic-10": heic_file("RGBA", bits=10, color_primaries=12),
            "heic-gray": heic_file("L", quality=-1),
            "heic-tiles": heic_file(tile_size=16),
        }
    if find_spec("rawpy"):
        made |= {"dng": dng_file(), "dng-big-endian": dng_file(byteorder=">", rowsperstrip=5)}
    return made


@cache
def newer_originals() -> Mapping[str, bytes]:
    """Return sound files of the formats that came later, as far as their packages are installed; see `originals`."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = exif_block()
    return {name: data for kinds in (_stills,) for name, data in kinds(icc, exif).items()}
