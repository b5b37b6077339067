"""Animated WebP (RFC 9649): read by libwebp through Pillow, put together here.

Each frame is written whole, as a picture of its own: libwebp's own writer drops colours under full transparency, merges
frames that are alike, and is given all frames at once.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import damaged, decoding
from restora.images.codecs.limits import Limits
from restora.images.codecs.webp import encoded_pixels, file_chunks, metadata_of, size
from restora.images.photograph import Photograph

_ANIMATION, _XMP, _EXIF, _ALPHA, _ICC = 2, 4, 8, 16, 32  # flags of the VP8X chunk
_UNBLENDED = 2  # a flag of a frame: it replaces what was there
_PIXELS = (b"ALPH", b"VP8 ", b"VP8L")
_LONGEST = 2**24 - 1  # milliseconds of a frame


def decode_all(stream: BinaryIO, limits: Limits) -> Iterator[Photograph]:
    """Read the frames of an animated WebP as they are seen; see `SeriesCodec`."""
    from PIL.WebPImagePlugin import WebPImageFile

    data = stream.read()
    chunks = file_chunks(data)
    metadata, notes = metadata_of(chunks)
    width, height = size(*chunks[0])
    series = metadata.series
    assert series is not None  # as `decode` found
    limits.check_memory(width, height, pixel=4, decoding=20)
    with decoding():
        image = WebPImageFile(io.BytesIO(data))
    if image.size != (width, height) or image.n_frames != series.count:
        raise damaged("its frames do not match its header")
    for number in range(series.count):
        with decoding():
            image.seek(number)
            array = np.array(image)
        alpha = np.ascontiguousarray(array[..., 3]) if array.shape[2] == 4 else None
        shown = replace(series, duration=Fraction(int(image.info["duration"]), 1000))
        pixels = np.ascontiguousarray(array[..., :3])
        yield Photograph(pixels, alpha, replace(metadata, series=shown), tuple(notes))


def encode_all(photographs: Iterator[Photograph], stream: BinaryIO, quality: int | None) -> None:
    """Write an animated WebP; see `SeriesCodec`. Whether with loss is decided as for a single picture."""
    begin, flags, first = stream.tell(), _ANIMATION, None
    for photograph in photographs:
        metadata = photograph.metadata
        series = metadata.series
        assert series is not None
        if first is None:
            first = photograph
            stream.write(bytes(30))  # comes at the end, when all is known
            if metadata.icc is not None:
                stream.write(_chunk(b"ICCP", metadata.icc))
                flags |= _ICC
            stream.write(_chunk(b"ANIM", struct.pack("<IH", 0, min(series.plays, 65_535))))
        flags |= _ALPHA if photograph.alpha is not None else 0
        milliseconds = min(round(1000 * series.duration), _LONGEST)
        place = bytes(6) + _three(photograph.width - 1, photograph.height - 1, milliseconds)
        picture = [_chunk(*c) for c in file_chunks(encoded_pixels(photograph, quality)) if c[0] in _PIXELS]
        stream.write(_chunk(b"ANMF", place + bytes([_UNBLENDED]) + b"".join(picture)))
    assert first is not None
    metadata = first.metadata
    block = metadata.exif if metadata.dpi is None else exif.with_dpi(metadata.exif, metadata.dpi)
    for kind, data, flag in ((b"EXIF", block, _EXIF), (b"XMP ", metadata.xmp, _XMP)):
        if data is not None:
            stream.write(_chunk(kind, data))
            flags |= flag
    length = stream.tell() - begin
    canvas = _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + _three(first.width - 1, first.height - 1))
    stream.seek(begin)
    stream.write(b"RIFF" + struct.pack("<I", length - 8) + b"WEBP" + canvas)
    stream.seek(0, io.SEEK_END)


def _three(*numbers: int) -> bytes:
    """Return numbers of three bytes each."""
    return b"".join(number.to_bytes(3, "little") for number in numbers)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
