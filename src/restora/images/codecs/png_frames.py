"""Animated PNG (PNG third edition, 11.3.6.1): each frame is a PNG of its own in all but its chunks."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from restora.images.codecs.faults import damaged, decoding
from restora.images.codecs.limits import Limits
from restora.images.codecs.png import (
    CRITICAL,
    SIGNATURE,
    chunk,
    encoded_pixels,
    join,
    metadata_chunks,
    metadata_of,
    read_chunks,
    split,
)
from restora.images.metadata import Series
from restora.images.photograph import Photograph
from restora.pixels import Pixels, full_scale, gray_to_rgb

_CONTROL = struct.Struct(">IIIIIHHBB")  # number, width, height, x, y, two of the delay, disposal, blending
_TO_BACKGROUND, _TO_PREVIOUS, _OVER = 1, 2, 1
_DECODING = 3  # pictures of the canvas: itself, the one to return to, a frame


@dataclass
class _Frame:
    """What one frame control chunk says, and the pixels behind it as they are compressed."""

    control: tuple[int, ...]
    parts: list[bytes] = field(default_factory=list)

    @property
    def duration(self) -> Fraction:
        numerator, denominator = self.control[5:7]
        return Fraction(numerator, denominator or 100)


def decode_all(stream: BinaryIO, limits: Limits) -> Iterator[Photograph]:
    """Read the frames of an animated PNG as they are seen; see `SeriesCodec`."""
    import imagecodecs

    chunks = list(read_chunks(stream.read()))
    width, height, bits, _ = struct.unpack(">IIBB", chunks[0][1][:10])
    metadata, notes = metadata_of(chunks)
    series = metadata.series
    assert series is not None  # as `decode` found
    limits.check_memory(width, height, pixel=bits, decoding=_DECODING * bits)
    if metadata.encoding.palette:  # type: ignore[union-attr]
        metadata = replace(metadata, encoding=replace(metadata.encoding, palette=False))  # type: ignore[type-var]
        notes.append("palette given up, because the frames of a PNG share one")
    frames, hidden = _frames(chunks, width, height)
    if hidden:
        notes.append("the still picture for viewers that show no animation left out")
    head = [c for c in chunks[1:] if c[0] in CRITICAL and c[0] not in (b"IDAT", b"IEND")]
    canvas: Pixels | None = None
    for frame in frames:
        _, wide, high, x, y, *_, disposal, blending = frame.control
        size = struct.pack(">II", wide, high) + chunks[0][1][8:]
        data = b"".join(frame.parts)
        with decoding():
            array = imagecodecs.png_decode(join([(b"IHDR", size), *head, (b"IDAT", data), (b"IEND", b"")]))
        array = array.reshape(high, wide, -1)
        if canvas is None:
            canvas = np.zeros((height, width, array.shape[2]), array.dtype)
            disposal = _TO_BACKGROUND if disposal == _TO_PREVIOUS else disposal
        place = canvas[y : y + high, x : x + wide]
        before = place.copy() if disposal == _TO_PREVIOUS else None
        place[:] = _over(array, place) if blending == _OVER and array.shape[2] in (2, 4) else array
        pixels, alpha = split(canvas.copy(), gray=canvas.shape[2] < 3)
        shown = replace(metadata, series=replace(series, duration=frame.duration))
        yield Photograph(pixels, alpha, shown, tuple(notes))
        if disposal == _TO_BACKGROUND:
            place[:] = 0
        elif before is not None:
            place[:] = before


def encode_all(photographs: Iterator[Photograph], stream: BinaryIO, quality: int | None) -> None:
    """Write an animated PNG; see `SeriesCodec`. Every frame is whole, and without loss."""
    number = 0

    def control(photograph: Photograph, series: Series) -> bytes:
        nonlocal number
        delay = series.duration.limit_denominator(65_535)
        parts = min(delay.numerator, 65_535), delay.denominator
        data = _CONTROL.pack(number, photograph.width, photograph.height, 0, 0, *parts, 0, 0)
        number += 1
        return chunk(b"fcTL", data)

    first: Photograph | None = None
    for photograph in photographs:
        series = photograph.metadata.series
        assert series is not None
        first = _plain(photograph) if first is None else first
        for kind, data in read_chunks(encoded_pixels(_alike(photograph, first))):
            if kind == b"IHDR" and number == 0:
                stream.write(SIGNATURE + chunk(kind, data))
                for each in metadata_chunks(photograph.metadata):
                    stream.write(chunk(*each))
                stream.write(chunk(b"acTL", struct.pack(">II", series.count, series.plays)))
                stream.write(control(photograph, series))
            elif kind == b"IHDR":
                stream.write(control(photograph, series))
            elif kind == b"IDAT" and number == 1:
                stream.write(chunk(kind, data))
            elif kind == b"IDAT":
                stream.write(chunk(b"fdAT", struct.pack(">I", number) + data))
                number += 1
    stream.write(chunk(b"IEND", b""))


def _frames(chunks: list[tuple[bytes, bytes]], width: int, height: int) -> tuple[list[_Frame], bool]:
    """Return the frames, and whether there is a picture that is none of them."""
    frames: list[_Frame] = []
    hidden = False
    for kind, data in chunks:
        if kind == b"fcTL":
            if len(data) != _CONTROL.size:
                raise damaged("a frame has no place")
            frame = _Frame(_CONTROL.unpack(data))
            _, wide, high, x, y, *_ = frame.control
            if not (wide and high and x + wide <= width and y + high <= height):
                raise damaged("a frame is larger than the picture")
            frames.append(frame)
        elif kind == b"IDAT":
            hidden |= not frames
            if frames:
                frames[-1].parts.append(data)
        elif kind == b"fdAT" and frames:
            frames[-1].parts.append(data[4:])
    return frames, hidden


def _over(source: Pixels, below: Pixels) -> Pixels:
    """Lay colours with transparency over others (Porter and Duff's "over", as PNG has it)."""
    white = full_scale(source.dtype)
    upper, lower = source[..., -1:] / white, below[..., -1:] / white
    alpha = upper + lower * (1 - upper)
    mixed = source[..., :-1] * upper + below[..., :-1] * lower * (1 - upper)
    colours = np.rint(mixed / np.where(alpha == 0, 1, alpha))
    blended = np.concatenate([colours, np.rint(alpha * white)], axis=-1).astype(source.dtype)
    unseen = source[..., -1:] == 0
    return np.where(unseen, below, np.where(source[..., -1:] == white, source, blended))


def _plain(photograph: Photograph) -> Photograph:
    """Return the frame whose layout all will have: colours, unless they are known to be gray throughout."""
    if photograph.metadata.format == "PNG":
        return photograph
    return photograph.with_pixels(gray_to_rgb(photograph.pixels))


def _alike(photograph: Photograph, first: Photograph) -> Photograph:
    """Return a frame in the layout of the first one: PNG has one for all."""
    pixels, alpha = photograph.pixels, photograph.alpha
    if pixels.ndim < first.pixels.ndim:
        pixels = gray_to_rgb(pixels)
    if alpha is None and first.alpha is not None:
        alpha = np.full(pixels.shape[:2], full_scale(pixels.dtype), pixels.dtype)
    return replace(photograph, pixels=pixels, alpha=alpha)
