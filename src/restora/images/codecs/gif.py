"""GIF through Pillow, read only: 256 colours cannot hold a restored photograph."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from restora.images.codecs.faults import CompleteBytes, cut_short, damaged, decoding, unsupported
from restora.images.codecs.limits import Limits
from restora.images.metadata import Metadata
from restora.images.photograph import Photograph

_EXTENSION, _FRAME, _COMMENT, _APPLICATION, _END = 0x21, 0x2C, 0xFE, 0xFF, b";"
_OF_ANIMATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")

# Pillow holds frames against a limit of its own, warns, and offers no other way: stay below it.
_MAX_PIXELS = 64_000_000


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read the first frame of a GIF file; see `Codec`."""
    from PIL.GifImagePlugin import GifImageFile

    data = stream.read()
    if len(data) < 13:
        raise cut_short()
    width, height = struct.unpack_from("<HH", data, 6)
    limits.check_size(width, height)
    if width * height > _MAX_PIXELS:
        raise unsupported(f"a GIF of {width} x {height} pixels")
    limits.check_memory(width, height, pixel=4, decoding=11)
    blocks = list(_blocks(data))
    frames = [struct.unpack("<4H", content[:8]) for label, content in blocks if label == _FRAME]
    if frames and (frames[0][0] + frames[0][2] > width or frames[0][1] + frames[0][3] > height):
        raise damaged("a frame is larger than the picture")
    with decoding():
        image = GifImageFile(CompleteBytes(data))
        image.load()
        # One after the other, because Pillow takes four bytes for a pixel of either.
        pixels = np.array(image.convert("RGB"))
        alpha = np.array(image.convert("RGBA").getchannel("A")) if "transparency" in image.info else None
    if (pixels[..., :1] == pixels).all():
        pixels = pixels[..., 0]  # GIF has no gray of its own: colours that all are gray mean a gray picture
    # The shape of a pixel, in 64ths, is its width by its height; densities are the other way round.
    density = (64.0, data[12] + 15.0) if data[12] else None
    comments = tuple(content for label, content in blocks if label == _COMMENT and content)
    metadata = Metadata(format="GIF", comments=comments, density=density)
    return Photograph(np.ascontiguousarray(pixels), alpha, metadata, tuple(_notes(blocks)))


def _notes(blocks: list[tuple[int, bytes]]) -> Iterator[str]:
    """Say what only the file holds."""
    frames = sum(label == _FRAME for label, _ in blocks)
    if frames > 1:
        yield f"frame 1 of {frames} used"
    applications = [content for label, content in blocks if label == _APPLICATION]
    names = dict.fromkeys(
        repr(c[:8].decode("latin-1")) for c in applications if not c.startswith(_OF_ANIMATIONS)
    )
    if names:
        yield f"GIF extensions {', '.join(names)} left out"


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield label and content of each extension, and of each frame its descriptor, without its pixels.

    Raises:
        UndecodableError: The end is missing.
    """
    position = 13 + _table_size(data[10])
    while position + 1 < len(data) or data[position : position + 1] == _END:
        kind = data[position]
        if kind == _END[0]:
            return
        if kind == _EXTENSION:
            label, content, position = data[position + 1], b"", position + 2
        elif kind == _FRAME:
            label, content = _FRAME, data[position + 1 : position + 10]
            if len(content) < 9:
                break
            position += 11 + _table_size(content[8])
        else:
            position += 1  # decoders skip stray bytes
            continue
        parts = [content]
        while position < len(data) and (length := data[position]):
            if kind == _EXTENSION:
                parts.append(data[position + 1 : position + 1 + length])
            position += 1 + length
        position += 1
        yield label, b"".join(parts)
    raise cut_short()


def _table_size(flags: int) -> int:
    """Return the bytes of the colour table that follows a header."""
    return 6 << (flags & 7) if flags & 0x80 else 0
