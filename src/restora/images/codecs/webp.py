"""WebP: pixels by libwebp, chunks of the container (RFC 9649) by ourselves."""

import io
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import check_size, cut_short, damaged, decoding
from restora.images.metadata import JpegEncoding, Metadata, WebpEncoding
from restora.images.photograph import Photograph

DEFAULT_QUALITY = 95

_FRAME_HEADER = 16  # bytes of an ANMF chunk before the chunks of its picture


def decode(stream: BinaryIO, max_pixels: int) -> Photograph:
    """Read a WebP file; see `Codec`."""
    import imagecodecs

    data = stream.read()
    chunks = list(_chunks(data))
    width, height = _size(chunks)
    check_size(width, height, max_pixels)
    frames = sum(kind == b"ANMF" for kind, _ in chunks)
    with decoding():
        array = imagecodecs.webp_decode(data, index=0) if frames else imagecodecs.webp_decode(data)
    if array.shape[:2] != (height, width):
        raise damaged("its pixels do not match its header")
    alpha = np.ascontiguousarray(array[..., 3]) if array.shape[2] == 4 else None
    block = next((d.removeprefix(b"Exif\0\0") for kind, d in chunks if kind == b"EXIF"), None)
    pictures = list(chunks)
    for kind, frame in chunks:
        if kind == b"ANMF":
            pictures.extend((k, frame[p : p + 1]) for k, p in _frame_chunks(frame))
    metadata = Metadata(
        icc=next((d for kind, d in chunks if kind == b"ICCP"), None),
        exif=block,
        xmp=next((d for kind, d in chunks if kind == b"XMP "), None),
        dpi=exif.dpi(block),
        orientation=exif.orientation(block),
        format="WebP",
        encoding=WebpEncoding(lossless=all(kind != b"VP8 " for kind, _ in pictures)),
    )
    notes = (f"frame 1 of {frames} used",) if frames > 1 else ()
    return Photograph(np.ascontiguousarray(array[..., :3]), alpha, metadata, notes)


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a WebP file; see `Codec`.

    Without a quality, a photograph that came from a lossy file (JPEG or WebP) is stored with quality 95 and
    any other one without loss.
    """
    from PIL import Image

    metadata = photograph.metadata
    source = metadata.encoding
    was_lossy = isinstance(source, JpegEncoding) or (isinstance(source, WebpEncoding) and not source.lossless)
    options: dict[str, Any]
    if quality is None and not was_lossy:
        options = {"lossless": True, "exact": True}  # exact: keep colours under full transparency
    else:
        options = {"quality": DEFAULT_QUALITY if quality is None else quality, "exact": True}
    block = metadata.exif if metadata.dpi is None else exif.with_dpi(metadata.exif, metadata.dpi)
    carried = {"icc_profile": metadata.icc, "exif": block, "xmp": metadata.xmp}
    options.update({name: data for name, data in carried.items() if data is not None})
    channels = photograph.pixels
    if photograph.alpha is not None:
        channels = np.dstack([photograph.pixels, photograph.alpha])
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(channels)).save(buffer, "WEBP", **options)
    stream.write(buffer.getbuffer())


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk of a file."""
    if len(data) < 20:
        raise cut_short()
    end = 8 + int(struct.unpack_from("<I", data, 4)[0])
    if end > len(data):
        raise cut_short()
    position = 12
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, position)
        position += 8
        if position + length > end:
            raise cut_short()
        yield kind, data[position : position + length]
        position += length + length % 2


def _frame_chunks(frame: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind and place of the chunks inside an animation frame."""
    position = _FRAME_HEADER
    while position + 8 <= len(frame):
        kind, length = struct.unpack_from("<4sI", frame, position)
        yield kind, position + 8
        position += 8 + length + length % 2


def _size(chunks: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    """Width and height as the first chunk states them."""
    kind, data = chunks[0] if chunks else (b"", b"")
    if kind == b"VP8X" and len(data) >= 10:
        width, height = data[4:7], data[7:10]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L" and len(data) >= 5:
        bits = struct.unpack_from("<I", data, 1)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(data) >= 10:
        width, height = struct.unpack_from("<HH", data, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise damaged("it holds no picture")
