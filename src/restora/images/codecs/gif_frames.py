"""Animated GIF (GIF89a): frames by Pillow, read and written one at a time, each with a palette of its own."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np

from restora.images.codecs.faults import damaged, decoding
from restora.images.codecs.gif import gray_if_it_is, opened
from restora.images.codecs.limits import Limits
from restora.images.metadata import Metadata, Series
from restora.images.palette import reduced
from restora.images.photograph import Photograph

_CLEARED = 2  # a frame's disposal, after which the next one begins on nothing
_LONGEST = 65_535  # hundredths of a second of a frame


def decode_all(stream: BinaryIO, limits: Limits) -> Iterator[Photograph]:
    """Read the frames of an animated GIF as they are seen; see `SeriesCodec`."""
    image, metadata, notes = opened(stream.read(), limits, frames_used=None)
    series = metadata.series
    assert series is not None  # as `decode` found
    for number in range(series.count):
        with decoding():
            try:
                image.seek(number)
            except EOFError:
                raise damaged("a frame is missing") from None
            array = np.array(image.convert("RGBA"))
            duration = Fraction(int(image.info.get("duration", 0)), 1000)
        alpha = None if (array[..., 3] == 255).all() else np.ascontiguousarray(array[..., 3])
        pixels = gray_if_it_is(np.ascontiguousarray(array[..., :3]))
        shown = replace(metadata, series=replace(series, duration=duration))
        yield Photograph(pixels, alpha, shown, tuple(notes))


def encode_all(photographs: Iterator[Photograph], stream: BinaryIO, quality: int | None) -> None:
    """Write an animated GIF, or one of a single frame; see `SeriesCodec`. Colours are reduced to 256 a frame."""
    from PIL import GifImagePlugin, Image

    for number, photograph in enumerate(photographs):
        series = photograph.metadata.series
        if number == 0:
            stream.write(_head(photograph, series))
        numbers, colours = reduced(photograph.pixels, photograph.alpha, 256)
        image = Image.fromarray(numbers, "L")
        image.putpalette(colours[:, :3].tobytes())
        options: dict[str, Any] = {"include_color_table": True}
        unseen = np.flatnonzero(colours[:, 3] == 0)
        if len(unseen):
            options["transparency"] = int(unseen[0])
        if series is not None:
            hundredths = min(round(100 * series.duration), _LONGEST)
            options |= {"duration": 10 * hundredths, "disposal": _CLEARED}
        for part in GifImagePlugin.getdata(image, **options):
            stream.write(part)
    stream.write(b";")


def _head(photograph: Photograph, series: Series | None) -> bytes:
    """Return what comes before the frames: size and shape of the pixels, comments, how often it is shown."""
    metadata = photograph.metadata
    shape = struct.pack("<HHBBB", photograph.width, photograph.height, 0x70, 0, _shape_of_pixels(metadata))
    head = b"GIF89a" + shape
    for comment in metadata.comments:
        parts = [comment[i : i + 255] for i in range(0, len(comment), 255)]
        head += b"!\xfe" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
    if series is not None and series.plays != 1:
        repeats = max(0, min(series.plays - 1, 65_535))
        head += b"!\xff\x0bNETSCAPE2.0\3\1" + struct.pack("<H", repeats) + b"\0"
    return head


def _shape_of_pixels(metadata: Metadata) -> int:
    """Return width by height of a pixel in 64ths, less 15, as GIF has it; 0 of square ones, or nothing said."""
    across, down = metadata.density or (1, 1)
    return 0 if across == down else max(1, min(round(64 * down / across) - 15, 255))
