"""Assembly: the encoded segments of a film become one, with the times of its frames, its sound and all else it carries."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av

from restora.errors import RestoraError
from restora.video.clip import Clip, main_stream, opened
from restora.video.codecs import CONTAINERS
from restora.video.decoding import seek

_OF_THE_FILE = ("major_brand", "minor_version", "compatible_brands", "encoder")
_OF_THE_STREAM = ("BPS", "DURATION", "NUMBER_OF", "_STATISTICS", "ENCODER", "VENDOR_ID")
"""Beginnings of metadata that tell about the encoding, and would be wrong."""


@dataclass(frozen=True)
class Timeline:
    """When frames are shown.

    Attributes:
        times: In units of the clip, rising.
        durations: The same.
    """

    times: list[int]
    durations: list[int]


def assemble(
    clip: Clip, segments: Sequence[Path], timeline: Timeline, path: str, target: Path
) -> tuple[str, ...]:
    """Write the film.

    Args:
        clip: Where sound, subtitles, chapters, metadata and rotation come from.
        segments: Files of `Encoder`, in order.
        timeline: Of all frames.
        path: File to write.
        target: What it will be called; the ending names the container.

    Returns:
        What could not be kept.

    Raises:
        RestoraError: It cannot be written.
    """
    container = CONTAINERS[target.suffix.lower()]
    options = {"fflags": "+bitexact"}
    with opened(clip.path) as source, av.open(str(segments[0])) as first:
        flags = ["faststart"] if container in ("mp4", "mov") else []
        if any(key.startswith("com.") for key in source.metadata) and flags:
            flags.append("use_metadata_tags")
        if flags:
            options["movflags"] = "+" + "+".join(flags)
        try:
            with av.open(path, "w", format=container, options=options) as output:
                return _write(clip, source, first, segments, timeline, output)
        except av.FFmpegError as error:
            raise RestoraError(
                f"{target}: cannot be written ({error.strerror}); choose another ending, .mkv takes the most"
            ) from error


def _write(
    clip: Clip,
    source: Any,
    first: Any,
    segments: Sequence[Path],
    timeline: Timeline,
    output: Any,
) -> tuple[str, ...]:
    picture = main_stream(source)
    stream = output.add_stream_from_template(first.streams.video[0], opaque=True)
    stream.time_base = clip.time_base
    stream.codec_context.framerate = clip.rate
    if clip.matrix is not None:
        stream.set_display_matrix(clip.matrix)
    if stream.codec_context.name == "hevc" and output.format.name in ("mp4", "mov"):
        stream.codec_context.codec_tag = "hvc1"  # the one that Apple's players take
    _describe(stream, picture)
    copies, notes = _copies(source, picture, output)
    output.metadata.update({k: v for k, v in source.metadata.items() if k not in _OF_THE_FILE})
    shift = Fraction(0) if clip.whole else clip.begin * clip.time_base
    until = None if clip.end is None else clip.end * clip.time_base
    output.set_chapters(list(_chapters(source, shift, until)))
    output.start_encoding()
    merged = heapq.merge(
        _pictures(clip, segments, timeline, stream, shift),
        _others(source, copies, clip.whole, shift, until),
        key=lambda timed: timed[0],
    )
    for _, packet in merged:
        output.mux_one(packet)
    return notes


def _describe(stream: Any, source: Any) -> None:
    kept = {k: v for k, v in source.metadata.items() if not k.upper().startswith(_OF_THE_STREAM)}
    stream.metadata.update(kept)
    stream.disposition = source.disposition


def _copies(source: Any, picture: Any, output: Any) -> tuple[dict[int, Any], tuple[str, ...]]:
    """Make the streams that are copied; return them by the number of their origin, and what is not."""
    copies, notes = {}, []
    for stream in source.streams:
        if stream.index == picture.index:
            continue
        context = stream.codec_context
        kind = context.codec.canonical_name if context else "unknown"
        if stream.type == "data" and source.chapters():
            continue  # what MP4 keeps the titles of chapters in
        try:
            if stream.type == "attachment":
                if output.format.name != "matroska":  # others leave it out in silence
                    raise ValueError(output.format.name)
                output.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data)
                continue
            _try(stream, output.format.name)
            copies[stream.index] = copy = output.add_stream_from_template(stream, opaque=True)
            _describe(copy, stream)
        except (ValueError, av.FFmpegError):
            notes.append(
                f"{stream.type} stream {stream.index} ({kind}) is not kept: {output.format.name} does not hold it"
            )
    return copies, tuple(notes)


def _try(stream: Any, container: str) -> None:
    """See whether a container takes a stream: it says so when its header is written.

    Raises:
        ValueError: It does not.
        FFmpegError: The same.
    """
    with av.open(BytesIO(), "w", format=container) as trial:
        trial.add_stream_from_template(stream, opaque=True)
        trial.start_encoding()


def _chapters(source: Any, shift: Fraction, until: Fraction | None) -> Iterator[Any]:
    for chapter in source.chapters():
        base = chapter["time_base"] or Fraction(1, av.time_base)
        begin, end = chapter["start"] * base, chapter["end"] * base
        if end <= shift or (until is not None and begin >= until):
            continue
        stop = end if until is None else min(end, until)
        millis = [round(1000 * (max(time, shift) - shift)) for time in (begin, stop)]
        yield {**chapter, "start": millis[0], "end": millis[1], "time_base": Fraction(1, 1000)}


def _pictures(
    clip: Clip, segments: Sequence[Path], timeline: Timeline, stream: Any, shift: Fraction
) -> Iterator[tuple[float, Any]]:
    """Yield the packets of the segments with the times of their frames.

    Packets come in the order of decoding. The i-th is decoded at the time of the frame that is shown i - d-th, where d is
    the smallest delay with which no frame is shown before it is decoded.
    """
    times, offset = timeline.times, round(shift / clip.time_base)
    step = times[1] - times[0] if len(times) > 1 else 1
    delay = max(i - rank for path in segments for i, (rank, _) in enumerate(_ranked(path)))
    done = 0
    for path in segments:
        count = 0
        for rank, packet in _ranked(path):
            place, shown = done + count - delay, done + rank
            packet.time_base = clip.time_base
            packet.pts = times[shown] - offset
            packet.dts = (times[place] if place >= 0 else times[0] + place * step) - offset
            packet.duration = timeline.durations[shown]
            packet.stream = stream
            count += 1
            yield float(packet.dts * clip.time_base), packet
        done += count
    if done != len(times):
        raise RestoraError(
            f"{clip.path}: {len(times)} frames were encoded, {done} came out; take another --codec"
        )


def _ranked(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the packets of a segment in the order of decoding, each with its number in the order of showing."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    order = {time: rank for rank, time in enumerate(sorted(packet.pts or 0 for packet in packets))}
    for packet in packets:
        yield order[packet.pts or 0], packet


def _others(
    source: Any, copies: dict[int, Any], whole: bool, shift: Fraction, until: Fraction | None
) -> Iterator[tuple[float, Any]]:
    """Yield the packets of all streams that are copied, moved to the beginning of what is wanted."""
    if not copies:
        return
    picture = main_stream(source)
    seek(source, round((shift - 5) / picture.time_base), picture)
    for packet in source.demux(*(source.streams[index] for index in copies)):
        cover = source.streams[packet.stream_index].disposition & av.stream.Disposition.attached_pic
        if cover:
            packet.pts = packet.dts = 0
        time = packet.dts if packet.pts is None else packet.pts
        if not packet.size or time is None:
            continue
        base = packet.time_base
        if not whole and not cover:
            if time * base < shift or (until is not None and time * base >= until):
                continue
            move = round(shift / base)
            packet.pts = None if packet.pts is None else packet.pts - move
            packet.dts = None if packet.dts is None else packet.dts - move
        packet.stream = copies[packet.stream_index]
        yield float((packet.dts if packet.dts is not None else packet.pts) * base), packet
