"""Clip: what a film is, found out before anything is decoded at length."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from restora.errors import RestoraError
from restora.video.color import RGB, ColorLayout, likely_matrix

_PICTURES = ("image2", "gif", "apng", "ico", "webp")
_DECLARE_LENGTH = ("mov", "matroska", "avi")
"""Containers whose header says how long they are, so that it is seen when they are cut short."""
_MISSING = 1.0
"""Seconds by which a film may be shorter than its header says."""
_LOOKED_AT = 8
"""Frames that are looked at for interlacing and metadata."""
_LOST = {
    "A53_CC": "closed captions within the picture",
    "DYNAMIC_HDR_PLUS": "HDR10+ metadata",
    "DOVI_RPU_BUFFER": "Dolby Vision metadata",
    "DOVI_METADATA": "Dolby Vision metadata",
}


@dataclass(frozen=True)
class Clip:
    """A film, or the part of it that is wanted.

    Attributes:
        path: The file.
        codec: Name of the codec, as FFmpeg has it.
        width: Of a frame as it is stored, in pixels.
        height: The same.
        format: How its pixels are taken: a planar, little-endian format of FFmpeg without alpha.
        layout: How colours are stored in it.
        tags: ``color_range``, ``color_primaries``, ``color_trc`` and ``colorspace`` as the file has them.
        time_base: Unit of `begin`, `end` and of the frames' times, in seconds.
        rate: Frames a second, on average.
        begin: Time of the first frame that is wanted.
        end: Time from which frames are no more wanted, ``None`` for all.
        frames: How many there are from `begin` to `end`.
        whole: Whether that is all of them.
        aspect: Width of a pixel by its height.
        matrix: The nine numbers by which players turn and mirror the picture, ``None`` for as it is stored.
        mastering: Mastering display metadata (SMPTE ST 2086): x and y of R, G, B and white, least and greatest cd/m2.
        light: Greatest and average light level in cd/m2 (CTA-861.3).
        interlaced: Whether its frames are woven from two fields.
        notes: What is not kept, or is worth knowing.
    """

    path: Path
    codec: str
    width: int
    height: int
    format: str
    layout: ColorLayout
    tags: dict[str, int]
    time_base: Fraction
    rate: Fraction
    begin: int
    end: int | None
    frames: int
    whole: bool
    aspect: Fraction
    matrix: tuple[int, ...] | None
    mastering: tuple[Fraction, ...] | None
    light: tuple[int, int] | None
    interlaced: bool
    notes: tuple[str, ...]


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a file that is to hold a film.

    Raises:
        RestoraError: It does not exist, cannot be read, holds no film, or is damaged where it is read within the block.
    """
    try:
        if not path.is_file():
            there = (
                "is a folder or a device; name a film"
                if path.exists()
                else "does not exist; check the spelling and the folder"
            )
            raise RestoraError(f"{path}: {there}")
        with path.open("rb"):  # in the words of the system
            pass
        with av.open(str(path), metadata_errors="replace") as container:
            yield container
    except av.FFmpegError as error:
        raise RestoraError(
            f"{path}: is no film that can be read, or it is damaged or cut short ({error.strerror})"
        ) from error
    except OSError as error:
        raise RestoraError(
            f"{path}: cannot be read ({error.strerror or error}); choose another file"
        ) from error


def examine(
    path: Path, start: float | None = None, end: float | None = None, most: float | None = None
) -> Clip:
    """Find out what a film is, and count the frames that are wanted; every packet is looked at, few frames are decoded.

    Args:
        path: The file.
        start: First second that is wanted, from the beginning of the picture.
        end: Second from which nothing more is wanted.
        most: Seconds that are wanted at most.

    Raises:
        RestoraError: No film, a picture, one that is cut short, times outside of it, colours that are not known.
    """
    with opened(path) as container:
        names = container.format.name
        if any(name in names for name in _PICTURES) or names.endswith("_pipe"):
            raise RestoraError(f"{path}: is a picture, not a film; restora restore takes it")
        stream = main_stream(container)
        if stream is None:
            raise RestoraError(f"{path}: holds no picture stream, only {_kinds(container)}")
        base = stream.time_base or Fraction(1, 1000)
        times, length = _packet_times(container, stream)
        if not times:
            raise RestoraError(f"{path}: holds no frames; it is damaged or cut short")
        first = times[0]
        last = float((times[-1] + length - first) * base)
        until = None if most is None else (start or 0.0) + most
        _refuse_cut(path, container, stream, last, wanted=until if end is None else end)
        for name, value in (("start", start), ("end", end)):
            if value is not None and not 0 <= value <= last + (name == "end"):
                raise RestoraError(f"{path}: {name} {value:g} s lies outside of it; it lasts {last:.2f} s")
        end = end if until is None else min(until, last if end is None else end)
        begin = first + round((start or 0.0) / base)
        stop = None if end is None or end >= last else first + round(end / base)
        count = sum(begin <= time and (stop is None or time < stop) for time in times)
        if not count:
            raise RestoraError(
                f"{path}: no frame lies between {start or 0:g} s and {last if end is None else end:g} s"
            )
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    with opened(path) as container:
        stream = main_stream(container)
        assert stream is not None
        frames = []
        for frame in container.decode(stream):
            frames.append(frame)
            if len(frames) == _LOOKED_AT:
                break
        if not frames:
            raise RestoraError(f"{path}: no frame of it can be decoded; it is damaged or cut short")
        return _described(path, stream, frames, base, rate, begin, stop, count, len(times))


def main_stream(container: InputContainer) -> Any:
    """Return the picture: the first video stream that is not the cover of the film; ``None`` where there is none."""
    covers = av.stream.Disposition.attached_pic
    pictures = [stream for stream in container.streams.video if not stream.disposition & covers]
    return pictures[0] if pictures else None


def _kinds(container: InputContainer) -> str:
    return ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"


def _packet_times(container: InputContainer, stream: Any) -> tuple[list[int], int]:
    """Return the times of all frames in order, and how long the last one is shown."""
    times, length = [], 1
    with suppress(av.EOFError):
        for packet in container.demux(stream):
            time = packet.dts if packet.pts is None else packet.pts
            if packet.size and time is not None and not packet.is_corrupt and not packet.is_discard:
                times.append(time)
                length = packet.duration or length
    return sorted(times), length


def _refuse_cut(
    path: Path, container: InputContainer, stream: Any, last: float, wanted: float | None
) -> None:
    """Refuse a film that ends before its header says, unless what is wanted of it is there."""
    if not any(name in container.format.name for name in _DECLARE_LENGTH):
        return
    declared = 0.0
    if stream.duration:
        declared = float(stream.duration * stream.time_base)
    elif container.duration and len(container.streams) == 1:
        declared = container.duration / av.time_base
    if declared - last > _MISSING and (wanted is None or wanted > last):
        raise RestoraError(
            f"{path}: is cut short, {last:.2f} s of {declared:.2f} s are there; --end {int(last * 100) / 100:g} restores those"
        )


def _described(
    path: Path,
    stream: Any,
    frames: list[VideoFrame],
    base: Fraction,
    rate: Fraction,
    begin: int,
    end: int | None,
    count: int,
    in_all: int,
) -> Clip:
    frame, context, notes = frames[0], stream.codec_context, []
    found: list[Any] = [data for frame in frames for data in frame.side_data]
    side = {data.type.name: bytes(data) for data in found}
    notes += [f"{words} are not kept" for words in dict.fromkeys(_LOST[n] for n in _LOST if n in side)]
    if any(component.is_alpha for component in frame.format.components):
        notes.append("transparency is not kept")
    name = planar_format(frame.format)
    kept = VideoFormat(name)
    tags = {
        "color_range": 2 if frame.format.name.startswith("yuvj") else frame.color_range,
        "color_primaries": frame.color_primaries,
        "color_trc": frame.color_trc,
        "colorspace": frame.colorspace,
    }
    if tags["color_trc"] in (16, 18):
        curve = "PQ" if tags["color_trc"] == 16 else "HLG"
        notes.append(f"HDR ({curve}): restored in its own values; the networks were trained on SDR")
    try:
        layout = layout_of(name, tags, frame.height)
    except RestoraError as error:
        raise RestoraError(f"{path}: {error}") from error
    return Clip(
        path,
        context.codec.canonical_name,
        frame.width,
        frame.height,
        kept.name,
        layout,
        tags,
        base,
        rate,
        begin,
        end,
        count,
        count == in_all,
        Fraction(stream.sample_aspect_ratio or 1),
        struct.unpack("9i", side["DISPLAYMATRIX"]) if "DISPLAYMATRIX" in side else None,
        _mastering(side.get("MASTERING_DISPLAY_METADATA")),
        struct.unpack_from("2I", side["CONTENT_LIGHT_LEVEL"]) if "CONTENT_LIGHT_LEVEL" in side else None,
        any(frame.interlaced_frame for frame in frames),
        tuple(notes),
    )


def planar_format(format: VideoFormat) -> str:
    """Return the planar, little-endian format without alpha that holds what a format of FFmpeg does.

    Example:
        >>> [planar_format(VideoFormat(name)) for name in ("yuvj420p", "nv12", "p010le", "rgb24", "gray", "yuva444p10le")]
        ['yuv420p', 'yuv420p', 'yuv420p10le', 'gbrp', 'gray', 'yuv444p10le']
    """
    bits = format.components[0].bits
    bits = bits if bits in (8, 9, 10, 12, 14, 16) else 8 if bits < 8 else 16
    depth = "" if bits == 8 else f"{bits}le"
    if format.is_rgb or format.has_palette:
        return f"gbrp{depth}"
    if len([c for c in format.components if not c.is_alpha]) == 1:
        return f"gray{depth}"
    across, down = 16 // format.chroma_width(16), 16 // format.chroma_height(16)
    names = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (1, 2): "440", (4, 1): "411", (4, 4): "410"}
    return f"yuv{names[across, down]}p{depth}"


def layout_of(name: str, tags: dict[str, int], height: int) -> ColorLayout:
    """Return how colours are stored in a format that `planar_format` gave.

    Raises:
        RestoraError: A matrix that is not known.
    """
    kind = VideoFormat(name)
    channels, depth = len(kind.components), kind.components[0].bits
    full_by_default = kind.is_rgb or channels == 1
    full = full_by_default if tags["color_range"] == 0 else tags["color_range"] == 2
    matrix = RGB if kind.is_rgb else likely_matrix(tags["colorspace"], height)
    shrink = (16 // kind.chroma_width(16), 16 // kind.chroma_height(16)) if channels == 3 else (1, 1)
    return ColorLayout(channels, depth, full, matrix, shrink)


def _mastering(data: bytes | None) -> tuple[Fraction, ...] | None:
    """Read FFmpeg's AVMasteringDisplayMetadata: ten fractions, then whether primaries and luminance are there."""
    if data is None:
        return None
    numbers = struct.unpack_from("22i", data)
    if not (numbers[20] and numbers[21]):
        return None
    return tuple(Fraction(a, b or 1) for a, b in zip(numbers[0:20:2], numbers[1:20:2], strict=True))
