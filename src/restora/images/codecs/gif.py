"""GIF through Pillow, read only: 256 colours cannot hold a restored photograph."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from restora.images.codecs.faults import CompleteBytes, cut_short, damaged, decoding, unsupported
from restora.images.codecs.limits import Limits
from restora.images.metadata import Metadata
from restora.images.photograph import Photograph

_EXTENSION, _FRAME, _COMMENT, _APPLICATION = 0x21, 0x2C, 0xFE, 0xFF
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
    limits.check_memory(width, height, pixel=4, decoding=14)
    with decoding():
        image = GifImageFile(CompleteBytes(data))
        if image.size != (width, height):
            raise damaged("a frame is larger than the picture")
        image.load()
        transparent = "transparency" in image.info
        array = np.array(image.convert("RGBA"))
        frames = image.n_frames  # walks to the end, which a file that is cut short does not have
    pixels = array[..., :3]
    if (pixels[..., :1] == pixels).all():
        pixels = pixels[..., 0]  # GIF has no gray of its own: colours that all are gray mean a gray picture
    alpha = np.ascontiguousarray(array[..., 3]) if transparent else None
    notes = [f"frame 1 of {frames} used"] if frames > 1 else []
    comments: list[bytes] = []
    applications: dict[str, None] = {}
    for label, content in _extensions(data):
        if label == _COMMENT and content:
            comments.append(content)
        elif label == _APPLICATION and not content.startswith(_OF_ANIMATIONS):
            applications[repr(content[:8].decode("latin-1"))] = None
    if applications:
        notes.append(f"GIF extensions {', '.join(applications)} left out")
    # The shape of a pixel, in 64ths, is its width by its height; densities are the other way round.
    density = (64.0, data[12] + 15.0) if data[12] else None
    metadata = Metadata(format="GIF", comments=tuple(comments), density=density)
    return Photograph(np.ascontiguousarray(pixels), alpha, metadata, tuple(notes))


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield label and content of each extension."""
    position = 13 + _table_size(data[10])
    while position + 2 < len(data) and data[position] in (_EXTENSION, _FRAME):
        label = data[position + 1] if data[position] == _EXTENSION else None
        position += 2 if label is not None else 11 + _table_size(data[min(position + 9, len(data) - 1)])
        content = []
        while position < len(data) and (length := data[position]):
            content.append(data[position + 1 : position + 1 + length] if label is not None else b"")
            position += 1 + length
        position += 1
        if label is not None:
            yield label, b"".join(content)


def _table_size(flags: int) -> int:
    """Return the bytes of the colour table that follows a header."""
    return 6 << (flags & 7) if flags & 0x80 else 0
