"""JPEG: pixels by libjpeg through Pillow, segments by ourselves."""

import io
from typing import Any, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs import jpeg_segments
from restora.images.codecs.cmyk import cmyk_to_rgb
from restora.images.codecs.faults import CompleteBytes, check_size, cut_short, damaged, decoding, unsupported
from restora.images.codecs.jpeg_segments import JpegFile
from restora.images.metadata import JpegEncoding, Metadata
from restora.images.photograph import Photograph

DEFAULT_QUALITY = 95

_SUBSAMPLING = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (4, 1): "4:1:1", (1, 2): "4:4:0"}
# The encoder knows three of them; the others take the nearest that keeps at least as much colour.
_ENCODABLE = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2, "4:1:1": 1, "4:4:0": 0}

_END = b"\xff\xd9"
# All ones, which is no code in any Huffman table: enough for a decoder to look ahead, too little to go on with.
_PADDING = b"\xff\x00" * 8


def decode(stream: BinaryIO, max_pixels: int) -> Photograph:
    """Read a JPEG file; see `Codec`."""
    from PIL.JpegImagePlugin import JpegImageFile

    jpeg = jpeg_segments.parse(stream.read())
    check_size(jpeg.width, jpeg.height, max_pixels)
    if jpeg.precision != 8:
        raise unsupported(f"a JPEG of {jpeg.precision} bits", "convert it to a 16-bit TIFF first")
    if len(jpeg.components) not in (1, 3, 4):
        raise unsupported(f"a JPEG of {len(jpeg.components)} channels")
    if jpeg.lacks_scans():
        raise cut_short()
    # A decoder that meets the end marker too early makes up the rest, gray, and says nothing. Without the
    # marker it asks for more data instead. This works where all the data is one scan; what several scans
    # can lack has been found above.
    end = _PADDING if jpeg.is_single_huffman_scan else _END
    with decoding():
        image = JpegImageFile(CompleteBytes(jpeg.picture + end))
        image.load()
    notes = ["first picture of a multi-picture file used"] if jpeg.multi_picture else []
    icc = jpeg.icc
    encoding = _encoding(jpeg, image.quantization)
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
    )
    return Photograph(pixels, None, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a JPEG file; see `Codec`.

    Without a quality the file is compressed as the JPEG it was read from: same quantization tables,
    subsampling and kind; a photograph of another format with quality 95 and colour at full resolution.
    """
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
    encoded = _compress(photograph, options)
    header = jpeg_segments.end_of_header(encoded)
    stream.write(encoded[:header])
    extended = source.extended_xmp if source is not None and metadata.xmp is not None else None
    for segment in jpeg_segments.metadata_segments(metadata.exif, metadata.xmp, extended, metadata.icc):
        stream.write(segment)
    stream.write(memoryview(encoded)[header:])


def _compress(photograph: Photograph, options: dict[str, Any]) -> bytes:
    from PIL import Image

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
    return buffer.getvalue()


def _encoding(jpeg: JpegFile, tables: dict[int, list[int]]) -> JpegEncoding:
    """How the file was compressed; `tables` are Pillow's, which are in natural order."""
    luma, *chroma = jpeg.components[:3]
    # 255 is the coarsest step of a baseline file, which every viewer can read.
    used = [
        tuple(min(step, 255) for step in tables[c.table]) for c in (luma, *chroma[:1]) if c.table in tables
    ]
    if not used:
        raise damaged("its quantization tables are missing")
    subsampling = None
    if chroma and chroma[0].horizontal and chroma[0].vertical:
        ratio = (luma.horizontal // chroma[0].horizontal, luma.vertical // chroma[0].vertical)
        subsampling = _SUBSAMPLING.get(ratio, "4:4:4")
    return JpegEncoding(tuple(used), subsampling, jpeg.progressive, jpeg.extended_xmp)
