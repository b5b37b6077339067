"""Codecs: which one a film is encoded with, and an encoder whose bytes depend on its frames alone."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
from av.codec.context import Flags
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from restora.errors import RestoraError, suggestion
from restora.video.clip import Clip, layout_of
from restora.video.color import BT709, ColorLayout, Planes

_THREADS = 4
"""Of an encoder; a number, because the bytes depend on it. (Those of x264 also depend on how memory is aligned, unless it is
told to be independent of the processor.)"""

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""Endings of what is written -> FFmpeg's names."""

_MASTERING = "G({2},{3})B({4},{5})R({0},{1})WP({6},{7})L({9},{8})"


@dataclass(frozen=True)
class Codec:
    """A codec that films are written with.

    Attributes:
        encoder: FFmpeg's name of the encoder.
        quality: Its usual constant rate factor and the largest one; ``None`` where it has none.
        options: Of the encoder.
        parameters: Name of the option that takes HDR metadata, how they are written there, and what else belongs there
            for the same bytes every time; ``None`` where it takes none.
    """

    encoder: str
    quality: tuple[int, int] | None
    options: dict[str, str]
    parameters: tuple[str, str, str, str] | None = None


CODECS = {
    "h264": Codec(
        "libx264",
        (18, 51),
        {"preset": "medium"},
        ("x264-params", "mastering-display={}", "cll={},{}", "cpu-independent=1"),
    ),
    "hevc": Codec(
        "libx265",
        (20, 51),
        {"preset": "medium"},
        ("x265-params", "master-display={}", "max-cll={},{}", "log-level=none:frame-threads=2"),
    ),
    "vp9": Codec("libvpx-vp9", (24, 63), {"b": "0", "deadline": "good", "cpu-used": "2", "row-mt": "0"}),
    "av1": Codec(
        "libsvtav1",
        (24, 63),
        {"preset": "6"},
        ("svtav1-params", "mastering-display={}", "content-light={},{}", "lp=2"),
    ),
    "ffv1": Codec("ffv1", None, {"level": "3", "slices": "4", "slicecrc": "1"}),
    "prores": Codec("prores_ks", None, {"profile": "auto"}),
}
"""Names on the command line -> codecs."""

_SAME = {"vp8": "vp9", "huffyuv": "ffv1", "ffvhuff": "ffv1", "utvideo": "ffv1", "rawvideo": "ffv1"}
"""Codecs that films come in -> those of `CODECS` that are next to them; all others become H.264."""

_ORDER = ("gray", "yuv420p", "yuv422p", "yuv444p", "gbrp")
"""Formats, each of which holds what those before it do."""


@dataclass(frozen=True)
class Encoding:
    """How a film is encoded.

    Attributes:
        name: Of the codec.
        format: FFmpeg's pixel format.
        layout: How colours are stored in it.
        tags: As of the clip.
        options: Of the encoder.
        rate: Frames a second.
        aspect: Of a pixel.
        size: Width and height.
        notes: What is not kept.
    """

    name: str
    format: str
    layout: ColorLayout
    tags: dict[str, int]
    options: dict[str, str]
    rate: Fraction
    aspect: Fraction
    size: tuple[int, int]
    notes: tuple[str, ...] = ()


def choose_encoding(clip: Clip, target: Path, codec: str | None = None, crf: int | None = None) -> Encoding:
    """Decide how a film is encoded: as it came, where the container holds that.

    Args:
        clip: The film.
        target: Where it goes; the ending names the container.
        codec: One of `CODECS`.
        crf: Constant rate factor: 0 the best, larger ones make smaller files.

    Raises:
        RestoraError: Codec, container, format and size that do not go together.
    """
    if target.suffix.lower() not in CONTAINERS:
        raise RestoraError(
            f"{target}: films are written as {', '.join(CONTAINERS)}; choose one of these endings"
        )
    if codec is not None and codec not in CODECS:
        raise RestoraError(f"unknown codec {codec!r}{suggestion(codec, CODECS)}")
    if codec is not None:
        return _encoding(clip, target, codec, crf)
    same = clip.codec if clip.codec in CODECS else _SAME.get(clip.codec, "h264")
    problem = None
    for name in dict.fromkeys((same, "av1" if target.suffix.lower() == ".webm" else "h264", "hevc")):
        try:
            encoding = _encoding(clip, target, name, crf)
        except RestoraError as error:
            problem = problem or error
            continue
        if name != clip.codec:
            words = f"{clip.codec} becomes {name}; --codec chooses another one"
            encoding = replace(encoding, notes=(*encoding.notes, words))
        return encoding
    assert problem is not None
    raise problem


def _encoding(clip: Clip, target: Path, name: str, crf: int | None) -> Encoding:
    codec, notes = CODECS[name], []
    options = dict(codec.options)
    if codec.quality is None:
        if crf is not None:
            raise RestoraError(f"the codec {name} has no --crf; leave it out")
    else:
        usual, most = codec.quality
        if crf is not None and not 0 <= crf <= most:
            raise RestoraError(f"--crf of {name} goes from 0 (the best) to {most}, got {crf}")
        options["crf"] = str(usual if crf is None else crf)
    pixels = _format(clip, codec)
    tags, layout = clip.tags, clip.layout
    if pixels != clip.format:
        if clip.layout.matrix == 0 and not VideoFormat(pixels).is_rgb:
            tags = {**tags, "colorspace": BT709, "color_range": 1}
        layout = layout_of(pixels, tags, clip.height)
        notes.append(f"{clip.format} becomes {pixels}, which {name} takes")
    if codec.parameters:
        option, mastering, light, fixed = codec.parameters
        words = [fixed]
        words += [mastering.format(_display(clip.mastering, name))] if clip.mastering else []
        words += [light.format(*clip.light)] if clip.light else []
        options[option] = ":".join(words)
    elif clip.mastering or clip.light:
        notes.append(f"HDR metadata (mastering display, light level) are not kept by {name}")
    encoding = Encoding(
        name,
        pixels,
        layout,
        tags,
        options,
        clip.rate,
        clip.aspect,
        (clip.width, clip.height),
        tuple(notes),
    )
    _try(encoding, target)
    return encoding


def _format(clip: Clip, codec: Codec) -> str:
    """Return the first format that the encoder takes and that holds what the film's does."""
    known = {kind.name for kind in av.Codec(codec.encoder, "w").video_formats or ()}
    depth = clip.layout.depth
    family = clip.format.removesuffix("le").rstrip("0123456789")
    family = family if family in _ORDER else "yuv444p"
    for bits in (depth, *(bits for bits in (10, 12, 16) if bits > depth)):
        for one in _ORDER[_ORDER.index(family) :] if family != "gbrp" else ("gbrp", "yuv444p"):
            name = one if bits == 8 else f"{one}{bits}le"
            if name in known:
                return name
    raise RestoraError(
        f"{clip.path}: the encoder {codec.encoder} here does not hold {clip.format} ({depth} bits); choose --codec hevc or ffv1"
    )


def _display(values: Sequence[Fraction], name: str) -> str:
    """Write mastering display metadata as encoders want them: in 0.00002 and 0.0001 cd/m2, SVT-AV1 in units."""
    if name == "av1":
        return _MASTERING.format(*(f"{float(value):.5f}" for value in values))
    scales = [50000] * 8 + [10000] * 2
    return _MASTERING.format(*(round(value * scale) for value, scale in zip(values, scales, strict=True)))


def _try(encoding: Encoding, target: Path) -> None:
    """Open what will be opened in the end.

    Raises:
        RestoraError: It cannot be.
    """
    import io

    container = CONTAINERS[target.suffix.lower()]
    try:
        with av.open(io.BytesIO(), "w", format=container) as output:
            _stream(output, encoding)
            output.start_encoding()
    except (av.FFmpegError, ValueError) as error:
        width, height = encoding.size
        raise RestoraError(
            f"{target}: {encoding.name} ({encoding.format}, {width} x {height}) cannot be written into"
            f" {target.suffix.lower()}; choose another ending or --codec"
        ) from error


def _stream(output: Any, encoding: Encoding) -> Any:
    os.environ.setdefault("SVT_LOG", "1")  # its encoder speaks by itself
    stream = output.add_stream(
        CODECS[encoding.name].encoder, rate=encoding.rate, options=dict(encoding.options)
    )
    stream.width, stream.height = encoding.size
    stream.pix_fmt = encoding.format
    context = stream.codec_context
    context.time_base, context.thread_count = 1 / encoding.rate, _THREADS
    context.sample_aspect_ratio = encoding.aspect
    for name, value in encoding.tags.items():
        setattr(context, name, value)
    context.flags |= Flags.global_header | Flags.bitexact
    return stream


class Encoder:
    """Encode a segment of a film: it begins with a key frame and knows nothing of those before.

    Args:
        path: File to write, in Matroska; the frames' times in it are their numbers.
        encoding: How.
    """

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self._output = av.open(str(path), "w", format="matroska", options={"fflags": "+bitexact"})
        self._stream, self._encoding = _stream(self._output, encoding), encoding
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._output.close()

    def encode(self, planes: Planes) -> None:
        """Encode the next frame."""
        frame = frame_of(planes, self._encoding.format)
        frame.pts, frame.time_base = self._count, 1 / self._encoding.rate
        for name, value in self._encoding.tags.items():
            setattr(frame, name, value)
        self._output.mux(self._stream.encode(frame))
        self._count += 1

    def finish(self) -> None:
        """Encode what the encoder holds back."""
        self._output.mux(self._stream.encode(None))


def frame_of(planes: Planes, name: str) -> VideoFrame:
    """Make a frame of planes."""
    frame = VideoFrame(planes[0].shape[1], planes[0].shape[0], name)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), values.dtype).reshape(-1, plane.line_size // values.itemsize)
        rows[: plane.height, : plane.width] = values
    return frame
