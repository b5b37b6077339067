"""GIF through Pillow, read only: 256 colours cannot hold a restored photograph."""

import struct
from typing import BinaryIO

import numpy as np

from restora.images.codecs.faults import CompleteBytes, check_size, cut_short, damaged, decoding, unsupported
from restora.images.metadata import Metadata
from restora.images.photograph import Photograph

# Pillow holds frames against a limit of its own, warns, and offers no other way: stay below it.
_MAX_PIXELS = 64_000_000


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
    notes = (f"frame 1 of {frames} used",) if frames > 1 else ()
    return Photograph(np.ascontiguousarray(pixels), alpha, Metadata(format="GIF"), notes)
