"""The segments of a JPEG file (ITU-T T.81, annex B), read and written without decoding pixels."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import md5

from restora.images.codecs.faults import cut_short, damaged

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_ICC = b"ICC_PROFILE\0"
_MPF = b"MPF\0"

_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # in a scan: not a stuffed byte, not a restart

MAX_SEGMENT = 65533
"""Bytes of data that one segment can hold."""
MAX_EXIF = MAX_SEGMENT - len(_EXIF)
MAX_XMP = MAX_SEGMENT - len(_XMP)
_ICC_PART = MAX_SEGMENT - len(_ICC) - 2
MAX_ICC = 255 * _ICC_PART
_EXTENDED_PART = 65000


@dataclass(frozen=True)
class Component:
    """One channel as the frame header states it."""

    name: int
    horizontal: int
    vertical: int
    table: int


@dataclass(frozen=True)
class Scan:
    """One pass over (some of) the coefficients: which components, which range, down to which bit."""

    components: tuple[int, ...]
    first: int
    last: int
    low_bit: int


@dataclass
class JpegFile:
    """What the segments of one JPEG picture say.

    Attributes:
        picture: The file with only what a decoder needs, up to but without the end marker.
    """

    width: int = 0
    height: int = 0
    precision: int = 0
    frame: int = 0
    components: tuple[Component, ...] = ()
    scans: list[Scan] = field(default_factory=list)
    adobe: bool = False
    multi_picture: bool = False
    dpi: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    extended_xmp: bytes | None = None
    icc: bytes | None = None
    picture: bytes = b""

    @property
    def progressive(self) -> bool:
        """Whether coefficients come in several passes."""
        return self.frame in (0xC2, 0xC6, 0xCA, 0xCE)

    @property
    def is_single_huffman_scan(self) -> bool:
        """Whether one sequential, Huffman-coded scan holds everything, as most cameras write it."""
        return self.frame in (0xC0, 0xC1) and len(self.scans) == 1

    def lacks_scans(self) -> bool:
        """Whether some coefficients never come, or never to their last bit."""
        wanted = {component.name: [None] * 64 for component in self.components}  # type: dict[int, list[int | None]]
        for scan in self.scans:
            for name in scan.components:
                if name in wanted:
                    for k in range(scan.first, min(scan.last, 63) + 1):
                        wanted[name][k] = scan.low_bit
        return any(bit != 0 for bits in wanted.values() for bit in bits)


def parse(data: bytes) -> JpegFile:
    """Walk through the first picture of a file, from its start marker to its end marker.

    Raises:
        UndecodableError: There is no end marker (the file is cut short), or the structure is damaged.
    """
    jpeg = JpegFile()
    kept: list[bytes] = [b"\xff\xd8"]
    icc_parts: dict[int, bytes] = {}
    icc_count = 0
    extension: dict[int, bytes] = {}
    for marker, payload, whole in _segments(data):
        if not (_APP0 < marker <= 0xEF and marker != _APP14) and marker != _COM:
            kept.append(whole)
        if marker in _FRAMES:
            _read_frame(jpeg, marker, payload)
        elif marker == _SOS:
            jpeg.scans.append(_read_scan(payload, progressive=jpeg.progressive))
        elif marker == _APP0 and payload.startswith(b"JFIF\0") and len(payload) >= 12:
            unit, x, y = struct.unpack(">BHH", payload[7:12])
            scale = {1: 1.0, 2: 2.54}.get(unit)
            jpeg.dpi = (x * scale, y * scale) if scale and x and y else None
        elif marker == _APP1 and payload.startswith(_EXIF):
            jpeg.exif = jpeg.exif or payload[len(_EXIF) :]
        elif marker == _APP1 and payload.startswith(_XMP):
            jpeg.xmp = jpeg.xmp or payload[len(_XMP) :]
        elif marker == _APP1 and payload.startswith(_EXTENDED_XMP):
            head = len(_EXTENDED_XMP) + 32  # the digest of the whole
            if len(payload) >= head + 8:
                extension[struct.unpack_from(">I", payload, head + 4)[0]] = payload[head + 8 :]
        elif marker == _APP2 and payload.startswith(_ICC) and len(payload) > len(_ICC) + 2:
            number, icc_count = payload[len(_ICC)], payload[len(_ICC) + 1]
            icc_parts[number] = payload[len(_ICC) + 2 :]
        elif marker == _APP2 and payload.startswith(_MPF):
            jpeg.multi_picture = True
        elif marker == _APP14 and payload.startswith(b"Adobe"):
            jpeg.adobe = True
    if not jpeg.components or not jpeg.scans:
        raise damaged("it holds no picture")
    if icc_count and sorted(icc_parts) == list(range(1, icc_count + 1)):
        jpeg.icc = b"".join(icc_parts[number] for number in sorted(icc_parts))
    jpeg.extended_xmp = b"".join(extension[offset] for offset in sorted(extension)) or None
    jpeg.picture = b"".join(kept)
    return jpeg


def metadata_segments(
    exif: bytes | None, xmp: bytes | None, extended_xmp: bytes | None, icc: bytes | None
) -> Iterator[bytes]:
    """The segments that carry metadata, to be placed after the JFIF header.

    Args:
        exif: At most MAX_EXIF bytes.
        xmp: At most MAX_XMP bytes.
        extended_xmp: Any length.
        icc: At most MAX_ICC bytes.
    """
    if exif is not None:
        yield _segment(_APP1, _EXIF + exif)
    if xmp is not None:
        yield _segment(_APP1, _XMP + xmp)
    if extended_xmp is not None:
        digest = md5(extended_xmp, usedforsecurity=False).hexdigest().upper().encode()
        for start in range(0, len(extended_xmp), _EXTENDED_PART):
            head = _EXTENDED_XMP + digest + struct.pack(">II", len(extended_xmp), start)
            yield _segment(_APP1, head + extended_xmp[start : start + _EXTENDED_PART])
    if icc is not None:
        parts = [icc[start : start + _ICC_PART] for start in range(0, len(icc), _ICC_PART)]
        for number, part in enumerate(parts, 1):
            yield _segment(_APP2, _ICC + bytes([number, len(parts)]) + part)


def end_of_header(data: bytes) -> int:
    """Offset behind the start marker and the JFIF segment, where other metadata belongs."""
    if data[2:4] == bytes([0xFF, _APP0]):
        return 4 + int(struct.unpack_from(">H", data, 4)[0])
    return 2


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, payload and whole bytes of each segment up to the end marker; a scan's include its data."""
    position = 2
    while True:
        position = data.find(b"\xff", position)  # decoders skip stray bytes between segments
        if position < 0:
            raise cut_short()
        while data[position + 1 : position + 2] == b"\xff":
            position += 1
        if position + 2 > len(data):
            raise cut_short()
        marker = data[position + 1]
        if marker == _EOI:
            return
        if marker in (0x00, 0x01, _SOI) or 0xD0 <= marker <= 0xD7:
            position += 2
            continue
        if position + 4 > len(data):
            raise cut_short()
        length = struct.unpack_from(">H", data, position + 2)[0]
        end = position + 2 + length
        if end > len(data):
            raise cut_short()
        payload = data[position + 4 : end]
        if marker == _SOS:
            following = _NEXT_MARKER.search(data, end)
            if following is None:
                raise cut_short()
            end = following.start()
        yield marker, payload, data[position:end]
        position = end


def _read_frame(jpeg: JpegFile, marker: int, payload: bytes) -> None:
    if jpeg.components or len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        raise damaged("its frame header is wrong")
    jpeg.frame = marker
    jpeg.precision, jpeg.height, jpeg.width, count = struct.unpack(">BHHB", payload[:6])
    rows = struct.iter_unpack("BBB", payload[6 : 6 + 3 * count])
    jpeg.components = tuple(Component(name, hv >> 4, hv & 15, table) for name, hv, table in rows)


def _read_scan(payload: bytes, *, progressive: bool) -> Scan:
    count = payload[0] if payload else 0
    if len(payload) != 4 + 2 * count:
        raise damaged("a scan header is wrong")
    first, last, bits = payload[-3:]
    names = tuple(payload[1 : 1 + 2 * count : 2])
    return Scan(names, first, last, bits & 15) if progressive else Scan(names, 0, 63, 0)


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
