"""JPEG through Pillow; the segments of a file are read here, where Pillow overlooks what is missing."""

import io
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.cmyk import cmyk_to_rgb
from restora.images.codecs.faults import CompleteBytes, cut_short, damaged, decoding, unsupported
from restora.images.codecs.jpeg_segments import (
    JpegFile,
    comment_segments,
    photoshop_segments,
    xmp_segments,
)
from restora.images.codecs.limits import Limits
from restora.images.metadata import JpegEncoding, Metadata
from restora.images.photograph import Photograph
from restora.images.photoshop import with_iptc

if TYPE_CHECKING:
    from PIL.JpegImagePlugin import JpegImageFile

DEFAULT_QUALITY = 95

_SUBSAMPLING = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (4, 1): "4:1:1", (1, 2): "4:4:0"}
# The encoder knows three of them; the others take the nearest that keeps at least as much colour.
_ENCODABLE = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2, "4:1:1": 1, "4:4:0": 0}

_JFIF_UNIT = 13  # place of the unit of the density in a file that begins with a JFIF header
_END = b"\xff\xd9"
# All ones, which is no code in any Huffman table: enough for a decoder to look ahead, too little to go on with.
_PADDING = b"\xff\x00" * 8


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read a JPEG file; see `Codec`."""
    from PIL.JpegImagePlugin import JpegImageFile

    data = stream.read()
    jpeg = JpegFile(data)
    limits.check_size(jpeg.width, jpeg.height)
    if jpeg.precision != 8:
        raise unsupported(f"a JPEG of {jpeg.precision} bits", "convert it to a 16-bit TIFF first")
    if len(jpeg.channels) not in (1, 3, 4):
        raise unsupported(f"a JPEG of {len(jpeg.channels)} channels")
    channels = len(jpeg.channels)
    coefficients = 2 * channels if len(jpeg.scans) > 1 else 0
    peak = {1: 2, 3: 7}.get(channels, 22) + coefficients
    size = jpeg.width, jpeg.height
    limits.check_memory(*size, pixel=min(3, channels), decoding=peak, data=2 * len(data))
    if jpeg.has_too_many_scans():
        raise unsupported(
            f"a JPEG of {len(jpeg.scans)} scans, which may be an attack on time,",
            "save it again with another program if it is trusted",
        )
    if jpeg.lacks_scans():
        raise cut_short()
    # A decoder that meets the end marker too early makes up the rest, gray, and says nothing. Without the
    # marker it asks for more data instead. This works where all the data is one scan; what several scans
    # can lack has been found above.
    end = _PADDING if jpeg.is_single_huffman_scan else _END
    with decoding():
        image = JpegImageFile(CompleteBytes(jpeg.picture() + end))
        image.load()
    notes = ["first picture of a multi-picture file used"] if jpeg.multi_picture else []
    if jpeg.unknown:
        notes.append(f"JPEG segments {', '.join(jpeg.unknown)} left out")
    if jpeg.behind and not jpeg.multi_picture:
        notes.append("data behind the picture, such as a video, left out")
    icc = jpeg.icc
    encoding = _encoding(jpeg, image)
    if image.mode == "CMYK":
        # Adobe stores inverted inks and Pillow takes that for granted; without Adobe's mark it is not so.
        inks = np.asarray(image) if jpeg.adobe else 255 - np.asarray(image)
        pixels, note = cmyk_to_rgb(inks, icc)
        notes.append(note)
        icc = None
    elif image.mode in ("L", "RGB"):
        pixels = np.array(image)
    else:
        raise damaged(f"unexpected colours {image.mode}")
    metadata = Metadata(
        icc=icc,
        exif=jpeg.exif,
        xmp=jpeg.xmp,
        dpi=jpeg.dpi or exif.dpi(jpeg.exif),
        orientation=exif.orientation(jpeg.exif),
        format="JPEG",
        encoding=encoding,
        photoshop=jpeg.photoshop,
        comments=jpeg.comments,
        density=jpeg.density,
    )
    return Photograph(pixels, None, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a JPEG file; see `Codec`.

    Without a quality the file is compressed as the JPEG it was read from: same quantization tables,
    subsampling and kind; a photograph of another format with quality 95 and colour at full resolution.
    """
    from PIL import Image

    metadata = photograph.metadata
    source = metadata.encoding if isinstance(metadata.encoding, JpegEncoding) else None
    options: dict[str, Any] = {"progressive": source is not None and source.progressive}
    if source is not None and quality is None:
        options["qtables"] = [source.quantization[0], source.quantization[-1]]
    else:
        options["quality"] = DEFAULT_QUALITY if quality is None else quality
    if not photograph.is_gray:
        options["subsampling"] = _ENCODABLE[(source and source.subsampling) or "4:4:4"]
    if metadata.dpi is not None:
        options["dpi"] = tuple(min(max(round(v), 1), 65535) for v in metadata.dpi)
    if metadata.exif is not None:
        options["exif"] = b"Exif\0\0" + metadata.exif
    extra = [comment_segments(comment) for comment in metadata.comments]
    if metadata.xmp is not None:  # Pillow knows no extended XMP
        extra.append(xmp_segments(metadata.xmp, source.extended_xmp if source else None))
    if resources := with_iptc(metadata.photoshop, metadata.iptc):
        extra.append(photoshop_segments(resources))
    options["extra"] = b"".join(extra)
    options["icc_profile"] = metadata.icc
    image = Image.fromarray(np.ascontiguousarray(photograph.pixels))
    buffer = io.BytesIO()
    try:
        image.save(buffer, "JPEG", **options)
    except OSError:
        # Pillow guesses the memory for a progressive file, and noise at the finest quality exceeds it.
        if not options["progressive"]:
            raise
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", **{**options, "progressive": False})
    encoded = buffer.getbuffer()
    if metadata.density is not None and metadata.dpi is None:  # Pillow writes none without a unit
        struct.pack_into(">BHH", encoded, _JFIF_UNIT, 0, *metadata.whole_density(65535))
    stream.write(encoded)


def _encoding(jpeg: JpegFile, image: "JpegImageFile") -> JpegEncoding:
    """Return how the file was compressed; Pillow's tables are in natural order."""
    (_, *luma, table), *chroma = image.layer[:3]
    tables = [image.quantization.get(number) for number in (table, *(layer[3] for layer in chroma[:1]))]
    # 255 is the coarsest step of a baseline file, which every viewer can read.
    used = tuple(tuple(min(step, 255) for step in steps) for steps in tables if steps)
    if not used:
        raise damaged("its quantization tables are missing")
    subsampling = None
    if chroma and chroma[0][1] and chroma[0][2]:
        subsampling = _SUBSAMPLING.get((luma[0] // chroma[0][1], luma[1] // chroma[0][2]), "4:4:4")
    return JpegEncoding(used, subsampling, jpeg.progressive, jpeg.extended_xmp)
