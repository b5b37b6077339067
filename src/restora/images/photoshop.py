"""Photoshop's image resources, which carry IPTC (Adobe, Photoshop File Formats Specification, "Image Resources")."""

import re
import struct
from collections.abc import Iterator

_IPTC, _THUMBNAILS = 0x0404, (0x0409, 0x040C)
_SIGNATURE = re.compile(rb"8BIM|MeSa|PHUT|AgHg|DCSR")


def without_thumbnail(block: bytes) -> bytes:
    """Return the block without the small picture, which shows the old photograph."""
    return b"".join(resource for number, resource in _resources(block) if number not in _THUMBNAILS)


def with_iptc(block: bytes | None, iptc: bytes | None) -> bytes | None:
    r"""Return the block with an IPTC record that stood beside it, unless it has one.

    Example:
        >>> with_iptc(None, b"abc")
        b'8BIM\x04\x04\x00\x00\x00\x00\x00\x03abc\x00'
    """
    if iptc is None or any(number == _IPTC for number, _ in _resources(block or b"")):
        return block
    padded = iptc + bytes(len(iptc) % 2)
    return (block or b"") + struct.pack(">4sHHI", b"8BIM", _IPTC, 0, len(iptc)) + padded


def _resources(block: bytes) -> Iterator[tuple[int | None, bytes]]:
    """Yield number and whole bytes of each resource; what is none comes last, without a number."""
    position = 0
    while position + 12 <= len(block) and _SIGNATURE.match(block, position):
        number, name = struct.unpack_from(">HB", block, position + 4)
        start = position + 6 + (name + 2) // 2 * 2 + 4
        if start > len(block):
            break
        end = start + struct.unpack_from(">I", block, start - 4)[0]
        if end > len(block):
            break
        end += end % 2 ^ start % 2
        yield number, block[position:end]
        position = end
    if position < len(block):
        yield None, block[position:]
