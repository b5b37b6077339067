"""GIF, read only: 256 colours cannot hold a restored photograph."""

import struct
from typing import BinaryIO

import numpy as np

from restora.images.codecs.faults import CompleteBytes, check_size, cut_short, damaged, decoding, unsupported
from restora.images.metadata import Metadata
from restora.images.photograph import Photograph

# Pillow holds frames against a limit of its own, warns, and offers no other way: stay below it.
_MAX_PIXELS = 64_000_000

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def decode(stream: BinaryIO, max_pixels: int) -> Photograph:
    """Read the first frame of a GIF file; see `Codec`."""
    from PIL.GifImagePlugin import GifImageFile

    data = stream.read()
    if len(data) < 13:
        raise cut_short()
    width, height = struct.unpack_from("<HH", data, 6)
    check_size(width, height, max_pixels)
    if width * height > _MAX_PIXELS:
        raise unsupported(f"a GIF of {width} x {height} pixels")
    frames = _frames(data)
    if not frames:
        raise damaged("it holds no picture")
    x, y, frame_width, frame_height = frames[0]
    if x + frame_width > width or y + frame_height > height:
        raise damaged("a frame is larger than the picture")
    with decoding():
        image = GifImageFile(CompleteBytes(data))
        image.load()
        transparent = "transparency" in image.info
        array = np.array(image.convert("RGBA"))
    pixels = array[..., :3]
    if (pixels[..., :1] == pixels).all():
        pixels = pixels[..., 0]  # GIF has no gray of its own: colours that all are gray mean a gray picture
    alpha = np.ascontiguousarray(array[..., 3]) if transparent else None
    notes = (f"frame 1 of {len(frames)} used",) if len(frames) > 1 else ()
    return Photograph(np.ascontiguousarray(pixels), alpha, Metadata(format="GIF"), notes)


def _frames(data: bytes) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of each frame, in a walk over all blocks to the end of the file."""
    frames: list[tuple[int, int, int, int]] = []
    position = 13 + _table(data[10])
    while position < len(data):
        kind = data[position]
        if kind == _TRAILER:
            return frames
        if kind == _EXTENSION:
            position += 2
        elif kind == _IMAGE and position + 10 <= len(data):
            frames.append(struct.unpack_from("<HHHH", data, position + 1))
            position += 11 + _table(data[position + 9])  # and a byte for the size of its codes
        elif kind == _IMAGE:
            break
        else:
            raise damaged("a block is of no known kind")
        while position < len(data) and data[position]:
            position += 1 + data[position]
        position += 1
    raise cut_short()


def _table(flags: int) -> int:
    """Bytes of the colour table that flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
