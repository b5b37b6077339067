"""WebP: pixels by libwebp, chunks of the container (RFC 9649) read here.

Pillow opens no picture of more than 179 megapixels, allots the memory of one before its size can be refused,
and does not tell a lossless file from a lossy one.
"""

import io
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import cut_short, damaged, decoding
from restora.images.codecs.limits import Limits
from restora.images.metadata import Metadata, Series, WebpEncoding
from restora.images.photograph import Photograph

DEFAULT_QUALITY = 95

_KNOWN = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP "}

_OUT_OF_MEMORY = (
    "encoding error 1",
    "encoding error 2",
)  # in libwebp's numbers, of which Pillow tells no more
FRAME_HEADER = 16
"""Bytes of an ANMF chunk before the chunks of its picture."""

Chunk = tuple[bytes, bytes]


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read a WebP file; see `Codec`."""
    import imagecodecs

    data = stream.read()
    chunks = file_chunks(data)
    width, height = size(*chunks[0])
    limits.check_size(width, height)
    limits.check_memory(width, height, pixel=4, decoding=12)
    animated = any(kind == b"ANMF" for kind, _ in chunks)
    with decoding():
        array = imagecodecs.webp_decode(data, index=0) if animated else imagecodecs.webp_decode(data)
    if array.shape[:2] != (height, width):
        raise damaged("its pixels do not match its header")
    alpha = np.ascontiguousarray(array[..., 3]) if array.shape[2] == 4 else None
    metadata, notes = metadata_of(chunks)
    if (series := metadata.series) is not None:
        notes.insert(0, f"frame 1 of {series.count} used")
    return Photograph(np.ascontiguousarray(array[..., :3]), alpha, metadata, tuple(notes))


def file_chunks(data: bytes) -> list[Chunk]:
    """Return kind and data of each chunk of a file.

    Raises:
        UndecodableError: It is cut short, or holds none.
    """
    if len(data) < 20:
        raise cut_short()
    chunks = list(read_chunks(data, 12, 8 + int.from_bytes(data[4:8], "little")))
    if not chunks:
        raise damaged("it holds no picture")
    return chunks


def metadata_of(chunks: list[Chunk]) -> tuple[Metadata, list[str]]:
    """Return what the chunks of a file say, and which of them cannot be kept, in words."""
    frames = [data for kind, data in chunks if kind == b"ANMF"]
    kinds = dict(reversed(chunks))  # of several chunks of a kind the first counts
    exif_chunk = kinds.get(b"EXIF")
    block = None if exif_chunk is None else exif_chunk.removeprefix(b"Exif\0\0")
    lossy = b"VP8 " in kinds or any(
        kind == b"VP8 " for frame in frames for kind, _ in read_chunks(frame, FRAME_HEADER, len(frame))
    )
    series = None
    if len(frames) > 1:
        width, height = size(*chunks[0])
        plays = int.from_bytes(kinds.get(b"ANIM", b"")[4:6], "little")
        series = Series(len(frames), len(frames) * width * height, plays)
    metadata = Metadata(
        icc=kinds.get(b"ICCP"),
        exif=block,
        xmp=kinds.get(b"XMP "),
        dpi=exif.dpi(block),
        orientation=exif.orientation(block),
        format="WebP",
        encoding=WebpEncoding(lossless=not lossy),
        series=series,
    )
    unknown = ", ".join(repr(name) for name in sorted(k.decode("latin-1") for k in kinds.keys() - _KNOWN))
    return metadata, [f"WebP chunks {unknown} left out"] if unknown else []


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a WebP file; see `Codec`.

    Without a quality, a photograph that came from a lossy file (JPEG or WebP) is stored with quality 95 and
    any other one without loss.
    """
    metadata = photograph.metadata
    block = metadata.exif if metadata.dpi is None else exif.with_dpi(metadata.exif, metadata.dpi)
    carried = {"icc_profile": metadata.icc, "exif": block, "xmp": metadata.xmp}
    options = {name: data for name, data in carried.items() if data is not None}
    stream.write(encoded_pixels(photograph, quality, **options))


def encoded_pixels(photograph: Photograph, quality: int | None, **carried: bytes) -> bytes:
    """Return pixels and alpha as a WebP file, with what Pillow is to put beside them."""
    from PIL import Image

    metadata = photograph.metadata
    options: dict[str, Any]
    if quality is None and not metadata.was_lossy:
        options = {"lossless": True, "exact": True}  # exact: keep colours under full transparency
    else:
        options = {"quality": DEFAULT_QUALITY if quality is None else quality, "exact": True}
    channels = photograph.pixels
    if photograph.alpha is not None:
        channels = np.dstack([photograph.pixels, photograph.alpha])
    buffer = io.BytesIO()
    try:
        Image.fromarray(np.ascontiguousarray(channels)).save(buffer, "WEBP", **options, **carried)
    except ValueError as error:
        if str(error) in _OUT_OF_MEMORY:
            raise MemoryError from error
        raise
    return buffer.getvalue()


def read_chunks(data: bytes, position: int, end: int) -> Iterator[Chunk]:
    """Yield kind and data of each chunk between two places of a file or of an animation frame."""
    if end > len(data):
        raise cut_short()
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, position)
        position += 8
        if position + length > end:
            raise cut_short()
        yield kind, data[position : position + length]
        position += length + length % 2


def size(kind: bytes, data: bytes) -> tuple[int, int]:
    """Return width and height as the first chunk states them."""
    if kind == b"VP8X" and len(data) >= 10:
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if kind == b"VP8L" and len(data) >= 5:
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(data) >= 10:
        width, height = struct.unpack_from("<HH", data, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise damaged("it holds no picture")
