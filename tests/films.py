"""Clips made for the tests: a photograph under a moving window, and a sine to hear."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from skimage import data

from restora.video.clip import layout_of
from restora.video.codecs import frame_of
from restora.video.color import Floats, Planes

PHOTOGRAPH: Floats = data.astronaut().astype(np.float32) / 255


def panning(
    frames: int, size: tuple[int, int] = (96, 64), step: int = 2, noise: float = 0.0
) -> Iterator[Floats]:
    """Yield windows (H, W, 3) of a photograph, moved by so many pixels each, with new noise on each."""
    rng, (width, height) = np.random.default_rng(0), size
    for number in range(frames):
        left = 100 + number * step % 300
        window = PHOTOGRAPH[60 : 60 + height, left : left + width]
        yield (window + rng.normal(0, noise, window.shape)).astype(np.float32)


def write_clip(
    path: Path,
    images: Iterator[Floats],
    *,
    codec: str = "libx264",
    format: str = "yuv420p",
    rate: Fraction = Fraction(25),
    times: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    tags: dict[str, int] | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    sound: bool = False,
    rotation: int = 0,
    prepare: Callable[[Any, Any], None] = lambda container, stream: None,
    finish: Callable[[Any], None] = lambda container: None,
) -> list[Planes]:
    """Encode a clip; return the planes that were encoded.

    Args:
        path: Its ending names the container.
        images: The frames.
        codec: Name of the encoder.
        format: Of the pixels.
        rate: Frames a second.
        times: Of the frames, in units of the time base; one after the other by default.
        time_base: In seconds.
        tags: Of the colours.
        options: Of the encoder.
        container_options: Of the container.
        sound: Whether a sine of 440 Hz is heard.
        rotation: In degrees.
        prepare: Called with container and stream before the first frame.
        finish: Called with the container after the last one.
    """
    tags = {"color_range": 1, "color_primaries": 1, "color_trc": 1, "colorspace": 1, **(tags or {})}
    written: list[Planes] = []
    with av.open(str(path), "w", options=container_options or {}) as output:
        stream = output.add_stream(codec, rate=rate, options=options or {})
        stream.pix_fmt = format
        base = stream.codec_context.time_base = time_base or 1 / rate
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
        if rotation:
            stream.set_display_rotation(rotation)
        voice = output.add_stream("aac", rate=48000) if sound else None
        prepare(output, stream)
        count = 0
        for count, image in enumerate(images, 1):
            if count == 1:
                stream.height, stream.width = image.shape[:2]
            planes = layout_of(format, tags, image.shape[0]).from_rgb(image)
            written.append(planes)
            frame = frame_of(planes, format)
            for name, value in tags.items():
                setattr(frame, name, value)
            frame.pts, frame.time_base = (count - 1 if times is None else times[count - 1]), base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if voice is not None:
            for frame in sine(count / rate):
                output.mux(voice.encode(frame))
            output.mux(voice.encode(None))
        finish(output)
    return written


def sine(seconds: Fraction) -> Iterator[av.AudioFrame]:
    """Yield the samples of a sine of 440 Hz, in frames of 1024."""
    wave = np.sin(2 * np.pi * 440 * np.arange(int(seconds * 48000)) / 48000).astype(np.float32)
    for begin in range(0, len(wave), 1024):
        frame = av.AudioFrame.from_ndarray(wave[None, begin : begin + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, begin, Fraction(1, 48000)
        yield frame


def packets_of(path: Path, kind: str) -> list[bytes]:
    """Return the packets of the first stream of a kind."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def frames_of(path: Path) -> list[av.VideoFrame]:
    """Decode a film."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))
