"""Segments of a JPEG file (ITU-T T.81, annex B), read without decoding pixels, and those for XMP.

Pillow reads segments too, but glues a second EXIF block to the first, takes the last XMP packet, stops at
malformed segments that no decoder needs, and never looks behind the first scan header, where a file is cut
short.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import md5
from itertools import islice

from restora.images.codecs.faults import UndecodableError, cut_short, damaged

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_ICC = b"ICC_PROFILE\0"
_PHOTOSHOP = b"Photoshop 3.0\0"

_APP0, _APP1, _APP2, _APP13, _APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # in a scan: not a stuffed byte, not a restart

_UNDERSTOOD = (
    *((_APP0, b"JFIF\0"), (_APP1, _EXIF), (_APP1, _XMP), (_APP1, _EXTENDED_XMP)),
    *((_APP2, _ICC), (_APP2, b"MPF\0"), (_APP13, _PHOTOSHOP), (_APP14, b"Adobe")),
)
_NAME = re.compile(rb"[A-Za-z][\w ./:-]{1,40}")

_MAX_SEGMENTS = 1 << 16  # metadata of gigabytes would not have more
_MAX_SEGMENT = 65533  # bytes of data that one segment can hold
MAX_EXIF = _MAX_SEGMENT - len(_EXIF)
MAX_XMP = _MAX_SEGMENT - len(_XMP)
MAX_ICC = 255 * (_MAX_SEGMENT - len(_ICC) - 2)
_EXTENDED_PART = 65000

_MAX_PASSES = 20  # of a large picture; encoders take 10, those that try out which is smallest 13
_MAX_PASSES_OF_SMALL, _MAX_BLOCK_VISITS = 1000, 20_000_000  # some seconds


class JpegFile:
    """The first picture of a file, from its start marker to its end marker.

    Args:
        data: The file.

    Attributes:
        precision: Bits of a sample.
        height: Rows.
        width: Columns.
        channels: Numbers of the components, as scans name them.
        progressive: Whether coefficients come in several passes.
        scans: Payload of each scan header.
        behind: What follows the end marker, less zeros.

    Raises:
        UndecodableError: There is no end marker (the file is cut short), or the structure is damaged.
    """

    def __init__(self, data: bytes) -> None:
        *self._segments, (_, self.behind, _) = islice(_segments(data), _MAX_SEGMENTS + 1)
        if len(self._segments) == _MAX_SEGMENTS:
            raise damaged("it has more segments than a picture can have")
        frames = [(marker, payload) for marker, payload, _ in self._segments if marker in _FRAMES]
        self.scans = [payload for marker, payload, _ in self._segments if marker == _SOS]
        if not frames or not self.scans:
            raise damaged("it holds no picture")
        (self._frame, header), *others = frames
        if others or len(header) < 6 or len(header) < 6 + 3 * header[5]:
            raise damaged("its frame header is wrong")
        if any(len(scan) < 1 or len(scan) != 4 + 2 * scan[0] for scan in self.scans):
            raise damaged("a scan header is wrong")
        self.precision, self.height, self.width, count = struct.unpack(">BHHB", header[:6])
        self.channels = header[6 : 6 + 3 * count : 3]
        self.progressive = self._frame in _PROGRESSIVE

    @property
    def is_single_huffman_scan(self) -> bool:
        """Whether one sequential, Huffman-coded scan holds everything, as most cameras write it."""
        return self._frame in (0xC0, 0xC1) and len(self.scans) == 1

    def has_too_many_scans(self) -> bool:
        """Tell whether the scans, of which a few bytes can visit every block, would take unreasonably long."""
        passes: float = sum(scan[0] for scan in self.scans) / max(1, len(self.channels))
        blocks = -(-self.width // 8) * -(-self.height // 8) * max(1, len(self.channels))
        affordable: int = min(_MAX_PASSES_OF_SMALL, _MAX_BLOCK_VISITS // max(1, blocks))
        return passes > max(_MAX_PASSES, affordable)

    def lacks_scans(self) -> bool:
        """Tell whether some coefficients never come, or never to their last bit."""
        low_bits: dict[int, list[int | None]] = {channel: [None] * 64 for channel in self.channels}
        for scan in self.scans:
            first, last, bits = scan[-3:] if self.progressive else (0, 63, 0)
            for channel in scan[1:-3:2]:
                if channel in low_bits:
                    for k in range(first, min(last, 63) + 1):
                        low_bits[channel][k] = bits & 15
        return any(bit != 0 for bits in low_bits.values() for bit in bits)

    def picture(self) -> bytes:
        """Return the file with only what a decoder needs, up to but without the end marker."""
        needed = (
            whole
            for marker, _, whole in self._segments
            if not (_APP0 < marker <= 0xEF and marker != _APP14) and marker != _COM
        )
        return b"\xff\xd8" + b"".join(needed)

    @property
    def adobe(self) -> bool:
        """Whether Adobe's mark is there, with which inks are stored inverted."""
        return bool(self._payloads(_APP14, b"Adobe"))

    @property
    def multi_picture(self) -> bool:
        """Whether further pictures follow (CIPA DC-007)."""
        return bool(self._payloads(_APP2, b"MPF\0"))

    @property
    def dpi(self) -> tuple[float, float] | None:
        """Dots per inch, horizontally and vertically, of the last JFIF header."""
        return self._resolution({1: 1.0, 2: 2.54})

    @property
    def density(self) -> tuple[float, float] | None:
        """Dots, horizontally and vertically, in no unit, unless they are one by one, which says nothing."""
        density = self._resolution({0: 1.0})
        return None if density == (1, 1) else density

    def _resolution(self, units: Mapping[int, float]) -> tuple[float, float] | None:
        headers = [payload for payload in self._payloads(_APP0, b"JFIF\0") if len(payload) >= 7]
        if not headers:
            return None
        unit, x, y = struct.unpack(">BHH", headers[-1][2:7])
        scale = units.get(unit)
        return (x * scale, y * scale) if scale and x and y else None

    @property
    def photoshop(self) -> bytes | None:
        """Photoshop's image resources."""
        return b"".join(self._payloads(_APP13, _PHOTOSHOP)) or None

    @property
    def comments(self) -> tuple[bytes, ...]:
        """Comments, without those that are empty."""
        return tuple(filter(None, self._payloads(_COM, b"")))

    @property
    def unknown(self) -> list[str]:
        """Application segments that are not read here, such as "APP12 (Ducky)"."""
        found: dict[str, None] = {}
        for marker, payload, _ in self._segments:
            known = any(marker == m and payload.startswith(signature) for m, signature in _UNDERSTOOD)
            if _APP0 <= marker <= _APP0 + 15 and not known:
                name = _NAME.match(payload)
                found[f"APP{marker - _APP0}" + (f" ({name[0].decode()})" if name else "")] = None
        return list(found)

    @property
    def exif(self) -> bytes | None:
        """EXIF block, without the signature."""
        return next(filter(None, self._payloads(_APP1, _EXIF)), None)

    @property
    def xmp(self) -> bytes | None:
        """XMP packet, as far as it fits into a segment."""
        return next(filter(None, self._payloads(_APP1, _XMP)), None)

    @property
    def extended_xmp(self) -> bytes | None:
        """The part of the XMP packet that did not fit."""
        parts = [payload[32:] for payload in self._payloads(_APP1, _EXTENDED_XMP)]  # behind the digest
        by_offset = {part[4:8]: part[8:] for part in parts if len(part) >= 8}
        return b"".join(by_offset[offset] for offset in sorted(by_offset)) or None

    @property
    def icc(self) -> bytes | None:
        """Colour profile, if all its parts are there."""
        parts = [payload for payload in self._payloads(_APP2, _ICC) if len(payload) > 2]
        by_number = {part[0]: part[2:] for part in parts}
        if not parts or sorted(by_number) != list(range(1, parts[-1][1] + 1)):
            return None
        return b"".join(by_number[number] for number in sorted(by_number))

    def _payloads(self, marker: int, signature: bytes) -> list[bytes]:
        """Return what follows a signature in the segments of a marker."""
        return [
            payload.removeprefix(signature)
            for found, payload, _ in self._segments
            if found == marker and payload.startswith(signature)
        ]


def frame_size(head: bytes) -> tuple[int, int] | None:
    """Return width and height that the first bytes of a JPEG stream state; None if they state none."""
    with suppress(UndecodableError):
        for marker, payload, _ in _segments(head):
            if marker in _FRAMES and len(payload) >= 5:
                height, width = struct.unpack_from(">HH", payload, 1)
                return width, height
    return None


def photoshop_segments(resources: bytes) -> bytes:
    """Return the segments that carry Photoshop's image resources, of any length."""
    return _split_segments(_APP13, _PHOTOSHOP, resources)


def comment_segments(comment: bytes) -> bytes:
    """Return the segments that carry a comment of any length."""
    return _split_segments(_COM, b"", comment)


def _split_segments(marker: int, signature: bytes, data: bytes) -> bytes:
    step = _MAX_SEGMENT - len(signature)
    return b"".join(_segment(marker, signature + data[i : i + step]) for i in range(0, len(data), step))


def xmp_segments(xmp: bytes, extended: bytes | None) -> bytes:
    """Return the segments that carry an XMP packet.

    Args:
        xmp: At most MAX_XMP bytes.
        extended: The part that did not fit, any length.
    """
    payloads = [_XMP + xmp]
    if extended is not None:
        digest = md5(extended, usedforsecurity=False).hexdigest().upper().encode()
        for start in range(0, len(extended), _EXTENDED_PART):
            head = _EXTENDED_XMP + digest + struct.pack(">II", len(extended), start)
            payloads.append(head + extended[start : start + _EXTENDED_PART])
    return b"".join(_segment(_APP1, payload) for payload in payloads)


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield marker, payload and whole bytes of each segment; a scan has its data with it, the end what is behind it."""
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
            yield marker, data[position + 2 :].strip(b"\0"), b""
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
