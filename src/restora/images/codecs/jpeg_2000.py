"""JPEG 2000 (ISO/IEC 15444-1) by OpenJPEG through imagecodecs; the boxes of the file are read and written here.

Written without loss, whatever the quality.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import cut_short, damaged, decoding, unsupported
from restora.images.codecs.item_boxes import box, boxes
from restora.images.codecs.limits import Limits
from restora.images.codecs.stills import as_uint16
from restora.images.metadata import Metadata, StillEncoding
from restora.images.photograph import Photograph

_CODESTREAM = b"\xff\x4f\xff\x51"
_EXIF_ID = b"JpgTiffExif->JP2"
_XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_IPTC_ID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_KNOWN = (b"jP  ", b"ftyp", b"jp2h", b"jp2c", b"uuid")
_PROFILE = b"\2\0\0"  # how a colour box begins that holds a profile
_TILE, _END = 0xFF90, 0xFFD9
_SYCC = b"\0\0\0\x12"  # brightness and differences instead of colours
_METRE = 0.0254  # metres per inch
_MOST_TILES = 1 << 12


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read a JPEG 2000 file; see `Codec`."""
    import imagecodecs

    data = stream.read()
    parts = [] if data.startswith(_CODESTREAM) else [(kind, data[at:end]) for kind, at, end in boxes(data)]
    codestream = data if not parts else next((part for kind, part in parts if kind == b"jp2c"), b"")
    width, height, tiles, bits = _check(codestream, limits)
    if _tiles(codestream) != tiles:  # OpenJPEG fills up what is missing
        raise cut_short()
    header = list(_header(parts))
    # The boxes around the pixels only where they are needed: with a profile they make other values of them.
    needed = any(kind == b"pclr" or (kind == b"colr" and part[3:7] == _SYCC) for kind, part in header)
    with decoding():
        array = imagecodecs.jpeg2k_decode(data if needed else codestream)
    if array.shape[:2] != (height, width) or array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise damaged("its pixels do not match its header")
    array = as_uint16(array if array.ndim == 3 else array[..., None], bits)
    if array.shape[2] > 4:
        raise damaged("its pixels do not match its header")
    colours = array.shape[2] if array.shape[2] in (1, 3) else array.shape[2] - 1
    alpha = np.ascontiguousarray(array[..., -1]) if colours < array.shape[2] else None
    icc = next((part[3:] for kind, part in header if kind == b"colr" and part[:1] in (b"\2", b"\3")), None)
    carried = {part[:16]: part[16:] for kind, part in reversed(parts) if kind == b"uuid" and len(part) > 16}
    block = carried.get(_EXIF_ID, b"").removeprefix(b"Exif\0\0") or None
    unknown = {kind.decode("latin-1") for kind, _ in parts if kind not in _KNOWN}
    unknown |= {f"uuid {name.hex()}" for name in carried if name not in (_EXIF_ID, _XMP_ID, _IPTC_ID)}
    notes = [f"JPEG 2000 boxes {', '.join(map(repr, sorted(unknown)))} left out"] if unknown else []
    metadata = Metadata(
        icc=icc or None,
        exif=block,
        xmp=carried.get(_XMP_ID),
        dpi=_resolution(header) or exif.dpi(block),
        orientation=exif.orientation(block),
        format="JPEG 2000",
        encoding=StillEncoding(lossless=True, bits=bits),
        iptc=carried.get(_IPTC_ID),
    )
    pixels = array[..., 0] if colours == 1 else array[..., :3]
    return Photograph(np.ascontiguousarray(pixels), alpha, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a JPEG 2000 file; see `Codec`."""
    import imagecodecs

    metadata = photograph.metadata
    channels = [photograph.pixels] if photograph.alpha is None else [photograph.pixels, photograph.alpha]
    array = np.ascontiguousarray(np.dstack(channels) if len(channels) > 1 else channels[0])
    encoded = bytes(imagecodecs.jpeg2k_encode(array, level=0, codecformat="jp2", reversible=True))
    for kind, at, end in boxes(encoded):
        if kind == b"jp2h":
            inside = [
                box(b"colr", _PROFILE, metadata.icc)
                if name == b"colr" and metadata.icc
                else box(name, encoded[a:b])
                for name, a, b in boxes(encoded, at, end)
            ]
            if (
                photograph.alpha is not None
            ):  # each channel: its number, what it is, to which colour it belongs
                last = array.shape[2] - 1
                meant = [(i, 0, i + 1) for i in range(last)] + [(last, 1, 0)]
                inside.append(
                    box(b"cdef", struct.pack(">H", last + 1), *(struct.pack(">3H", *m) for m in meant))
                )
            if metadata.dpi is not None:
                (x, power), (y, up_power) = (_decimal(dots / _METRE) for dots in metadata.dpi)
                inside.append(box(b"res ", box(b"resd", y, x, up_power, power)))
            stream.write(box(b"jp2h", *inside))
        elif kind == b"jp2c":
            for name, content in (
                (_EXIF_ID, metadata.exif),
                (_XMP_ID, metadata.xmp),
                (_IPTC_ID, metadata.iptc),
            ):
                if content:
                    stream.write(box(b"uuid", name, content))
            stream.write(box(b"jp2c", encoded[at:end]))
        else:
            stream.write(box(kind, encoded[at:end]))


def _decimal(value: float) -> tuple[bytes, bytes]:
    """Return a number as a fraction of two numbers of 16 bits, and the power of ten that it is multiplied by."""
    divisor, power = next((d for d in (100, 10) if value * d < 65535), 1), 0
    while value > 65535 and power < 9:
        value, power = value / 10, power + 1
    return struct.pack(">HH", max(1, min(round(value * divisor), 65535)), divisor), struct.pack(">b", power)


def _check(codestream: bytes, limits: Limits) -> tuple[int, int, int, int]:
    """Return width, height, number of tiles and bits, held against the limits."""
    if len(codestream) < 45 or not codestream.startswith(_CODESTREAM):
        raise damaged("it holds no picture")
    right, bottom, left, top, across, down, tiles_left, tiles_top, channels = struct.unpack_from(
        ">8IH", codestream, 8
    )
    width, height = right - left, bottom - top
    limits.check_size(width, height)
    if not 1 <= channels <= 4:
        raise unsupported(f"a JPEG 2000 of {channels} channels")
    if not across or not down or tiles_left > left or tiles_top > top:
        raise damaged("its tiles make no sense")
    tiles = -(-(right - tiles_left) // across) * -(-(bottom - tiles_top) // down)
    if tiles > _MOST_TILES:
        raise unsupported(
            f"a JPEG 2000 of {tiles} tiles, which may be an attack on time,", "save it again if it is trusted"
        )
    described = [codestream[42 + 3 * i : 45 + 3 * i] for i in range(channels)]
    if any(len(each) < 3 for each in described):
        raise cut_short()
    depths = {each[0] for each in described}
    if len(depths) != 1 or depths.pop() >= 16 or any(each[1:] != b"\1\1" for each in described):
        raise unsupported("a JPEG 2000 with channels of different depths or sizes, or of more than 16 bits")
    sample = 1 if described[0][0] < 8 else 2
    # OpenJPEG computes in four bytes a sample, and keeps the coefficients of a tile beside its pixels.
    limits.check_memory(width, height, pixel=sample * channels, decoding=16 * channels)
    return width, height, tiles, described[0][0] + 1


def size(head: bytes) -> tuple[int, int] | None:
    """Return width and height of a file by its first bytes, if it is one whose work is bounded; else None.

    Raises:
        UndecodableError: It asks for too much.
    """
    at = head.find(_CODESTREAM)
    return None if at < 0 else _check(head[at:], Limits(1 << 30))[:2]


def _tiles(codestream: bytes) -> int:
    """Count the tiles that are there, to their last byte."""
    position, found = 2, set()
    while position + 4 <= len(codestream):
        marker, length = struct.unpack_from(">HH", codestream, position)
        if marker == _END:
            break
        if marker == _TILE and position + 12 <= len(codestream):
            tile, part = struct.unpack_from(">HI", codestream, position + 4)
            length = part - 2 if part else len(codestream) - 2 - position - 2  # the last may leave it open
            if position + 2 + length > len(codestream):
                break
            found.add(tile)
        if length < 2:
            break
        position += 2 + length
    return len(found)


def _header(parts: list[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    for kind, part in parts:
        if kind == b"jp2h":
            yield from ((name, part[at:end]) for name, at, end in boxes(part))


def _resolution(header: list[tuple[bytes, bytes]]) -> tuple[float, float] | None:
    """Return dots per inch, from numbers of dots per metre."""
    for kind, part in header:
        for _, at, end in boxes(part) if kind == b"res " else ():
            if end - at == 10:
                up, up_divisor, across, across_divisor, up_power, power = struct.unpack(">4H2b", part[at:end])
                if up and across and up_divisor and across_divisor:
                    x = across / across_divisor * 10.0**power * _METRE
                    return x, up / up_divisor * 10.0**up_power * _METRE
    return None
