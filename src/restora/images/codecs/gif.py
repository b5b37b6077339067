"""GIF: pixels by Pillow, blocks read here."""

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from restora.images.codecs.faults import CompleteBytes, cut_short, damaged, decoding, unsupported
from restora.images.codecs.limits import Limits
from restora.images.metadata import Metadata, Series
from restora.images.photograph import Photograph
from restora.pixels import Pixels

if TYPE_CHECKING:
    from PIL.GifImagePlugin import GifImageFile

_EXTENSION, _FRAME, _COMMENT, _APPLICATION, _END = 0x21, 0x2C, 0xFE, 0xFF, b";"
_OF_ANIMATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")

# Pillow holds frames against a limit of its own, warns, and offers no other way: stay below it.
_MAX_PIXELS = 64_000_000


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read the first frame of a GIF file; see `Codec`."""
    image, metadata, notes = opened(stream.read(), limits)
    with decoding():
        image.load()
        # One after the other, because Pillow takes four bytes for a pixel of either.
        pixels = np.array(image.convert("RGB"))
        alpha = np.array(image.convert("RGBA").getchannel("A")) if "transparency" in image.info else None
    if metadata.series is not None:
        notes.insert(0, f"frame 1 of {metadata.series.count} used")
    return Photograph(gray_if_it_is(pixels), alpha, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a GIF file; see `Codec`. Colours are reduced to 256, whatever the quality."""
    from restora.images.codecs.gif_frames import encode_all

    encode_all(iter([photograph]), stream, quality)


def gray_if_it_is(pixels: Pixels) -> Pixels:
    """Return colours that all are gray as one channel: GIF has no gray of its own."""
    gray = bool((pixels[..., :1] == pixels).all())
    return np.ascontiguousarray(pixels[..., 0]) if gray else pixels


def opened(
    data: bytes, limits: Limits, frames_used: int | None = 1
) -> tuple["GifImageFile", Metadata, list[str]]:
    """Open a file whose size and blocks are sound: for Pillow to decode, what it says, and what cannot be kept.

    Pillow enlarges a picture for a frame beyond its edges: of the frames that are used there may be none.
    """
    from PIL.GifImagePlugin import GifImageFile

    if len(data) < 13:
        raise cut_short()
    width, height = struct.unpack_from("<HH", data, 6)
    limits.check_size(width, height)
    if width * height > _MAX_PIXELS:
        raise unsupported(f"a GIF of {width} x {height} pixels")
    limits.check_memory(width, height, pixel=4, decoding=11)
    blocks = list(read_blocks(data))
    frames = [struct.unpack("<4H", content[:8]) for label, content in blocks if label == _FRAME]
    if any(x + wide > width or y + high > height for x, y, wide, high in frames[:frames_used]):
        raise damaged("a frame is larger than the picture")
    with decoding():
        image = GifImageFile(CompleteBytes(data))
    applications = [content for label, content in blocks if label == _APPLICATION]
    series = None
    if len(frames) > 1:
        repeats = next(
            (c[12:14] for c in applications if c.startswith(_OF_ANIMATIONS) and c[11:12] == b"\1"), None
        )
        times = 0 if repeats is None else int.from_bytes(repeats, "little") or -1
        series = Series(len(frames), len(frames) * width * height, 1 + times)
    # The shape of a pixel, in 64ths, is its width by its height; densities are the other way round.
    density = (64.0, data[12] + 15.0) if data[12] else None
    comments = tuple(content for label, content in blocks if label == _COMMENT and content)
    metadata = Metadata(format="GIF", comments=comments, density=density, series=series)
    names = dict.fromkeys(
        repr(c[:8].decode("latin-1")) for c in applications if not c.startswith(_OF_ANIMATIONS)
    )
    return image, metadata, [f"GIF extensions {', '.join(names)} left out"] if names else []


def read_blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
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
