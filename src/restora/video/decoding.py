"""Decoding: a film as frames, in order, with their times, read ahead by one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import av
import numpy as np
from av.video.frame import VideoFrame

from restora.errors import RestoraError
from restora.video.clip import Clip, main_stream, opened
from restora.video.color import Planes

_RUN_UP = 5.0
"""Seconds before the beginning from which on is decoded: the frames after a key frame may refer to those before it."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Frame:
    """A frame.

    Attributes:
        time: When it is shown, in units of the clip.
        duration: For how long, 0 if that is not known.
        planes: Its pixels, in the format of the clip; ``None`` for one that was skipped.
    """

    time: int
    duration: int
    planes: Planes | None


def decoded(clip: Clip, *, deinterlace: bool = False, skip: int = 0) -> Iterator[Frame]:
    """Decode the frames that are wanted, the same ones however often that is done.

    Args:
        clip: From `examine`.
        deinterlace: Make whole frames of pairs of fields, as many as there were (FFmpeg's filter bwdif).
        skip: Frames at the beginning of which only the times are wanted.

    Raises:
        RestoraError: Interlaced frames that are not to be deinterlaced, a size that changes, damage.
    """
    with opened(clip.path) as container:
        stream = main_stream(container)
        stream.thread_type = "AUTO"
        seek(container, clip.begin - round(_RUN_UP / clip.time_base), stream)
        last, number = None, 0
        frames = container.decode(stream)
        for frame in _woven_apart(frames, stream) if deinterlace else frames:
            if frame.pts is None:
                time = clip.begin if last is None else last + round(1 / clip.rate / clip.time_base)
            else:
                time = round(frame.pts * (frame.time_base or clip.time_base) / clip.time_base)
            if clip.end is not None and time >= clip.end:
                return
            if time < clip.begin:
                continue
            if frame.interlaced_frame and not deinterlace:
                raise RestoraError(interlaced_words(clip))
            if (frame.width, frame.height) != (clip.width, clip.height):
                raise RestoraError(
                    f"{clip.path}: its frames change from {clip.width} x {clip.height} to {frame.width} x {frame.height}; cut"
                    f" it there, with --end {float((time - clip.begin) * clip.time_base):.2f}"
                )
            time = time if last is None else max(time, last + 1)
            planes = planes_of(frame, clip.format) if number >= skip else None
            yield Frame(time, int(frame.duration or 0), planes)
            last, number = time, number + 1


def seek(container: Any, time: int, stream: Any) -> None:
    """Go to the key frame before a time of a stream; stay where that is not possible: what comes too early is left out."""
    if time > (stream.start_time or 0):
        with suppress(av.FFmpegError):
            container.seek(time, stream=stream)


def interlaced_words(clip: Clip) -> str:
    """Say that a film is interlaced, and what to do."""
    return f"{clip.path}: is interlaced, two fields woven into each frame, which no network knows; --deinterlace takes them apart"


def _woven_apart(frames: Iterator[VideoFrame], stream: Any) -> Iterator[VideoFrame]:
    graph = av.filter.Graph()
    source = graph.add_buffer(template=stream)
    bwdif, sink = graph.add("bwdif", "mode=send_frame:deint=all"), graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()

    def ready() -> Iterator[VideoFrame]:
        while True:
            try:
                frame = graph.pull()
                assert isinstance(frame, VideoFrame)
                yield frame
            except (av.BlockingIOError, av.EOFError):
                return

    for frame in frames:
        graph.push(frame)
        yield from ready()
    graph.push(None)
    yield from ready()


def planes_of(frame: VideoFrame, name: str) -> Planes:
    """Copy the pixels of a frame, in a format that `planar_format` gave for it."""
    if frame.format.name.replace("yuvj", "yuv") != name:
        frame = frame.reformat(format=name)  # the same values in another order
    kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // np.dtype(kind).itemsize)
        planes.append(rows[: plane.height, : plane.width].copy())
    return tuple(planes)


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Make the next item in another thread while one is worked on."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item  # type: ignore[misc]


def samples(clip: Clip, *, deinterlace: bool = False, count: int = 5) -> list[Planes]:
    """Decode frames from all over a film, to be looked at; of interlaced ones, one field.

    Raises:
        RestoraError: Damage.
    """
    found: list[Planes] = []
    length = round(clip.frames / clip.rate / clip.time_base)
    with opened(clip.path) as container:
        stream = main_stream(container)
        for number in range(min(count, clip.frames)):
            wanted = clip.begin + length * number // count
            seek(container, wanted, stream)
            for frame in container.decode(stream):
                if frame.pts is None or frame.pts >= wanted:
                    planes = planes_of(frame, clip.format)
                    found.append(tuple(plane[::2] for plane in planes) if deinterlace else planes)
                    break
    if not found:  # streams without an index are hard to seek in
        first = next(decoded(clip, deinterlace=deinterlace), None)
        found = [first.planes] if first is not None and first.planes is not None else []
    if not found:
        raise RestoraError(f"{clip.path}: no frame of it can be decoded there; it is damaged or cut short")
    return found
