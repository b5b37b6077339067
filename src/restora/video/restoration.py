"""Restoration of a film: decoded, restored and encoded at the same time, in memory that does not grow with its length."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from stat import S_ISDIR
from time import perf_counter
from typing import Any

import av

from restora import __version__
from restora.atomic import claimed, mode_of, output_file, refusal
from restora.cancellation import Cancel, cancellable, check
from restora.errors import RestoraError
from restora.restoration import Restorer
from restora.restoration.file_restoration import MAX_PIXELS
from restora.restoration.planning import DEFAULT_SUFFIX
from restora.video.assembly import Timeline, assemble
from restora.video.choosing import Treatment, choose_treatment, fingerprint
from restora.video.clip import Clip, examine
from restora.video.codecs import CONTAINERS, Encoding, choose_encoding
from restora.video.color import Floats, Planes
from restora.video.decoding import Frame, ahead, decoded, interlaced_words, samples
from restora.video.fusion import TemporalFusion
from restora.video.segments import LENGTH, SegmentWriter, Workplace
from restora.video.timing import seconds_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class VideoResult:
    """What became of a film.

    Attributes:
        source: The film.
        target: The restored one.
        frames: How many it has.
        resumed: How many of them an earlier run had finished.
        seconds: What it took.
        weights: That restored it, one after the other.
        codec: That it is encoded with.
        format: Its pixels, in FFmpeg's words.
        notes: What was found, and what is not kept.

    Example:
        >>> result = VideoResult(
        ...     Path("a.mp4"), Path("a-restored.mp4"), 250, 120, 60.0, ("denoise-chair-tiny",), "h264", "yuv420p", ()
        ... )
        >>> f"{result.frames - result.resumed} frames in {result.seconds:.0f} s"
        '130 frames in 60 s'
    """

    source: Path
    target: Path
    frames: int
    resumed: int
    seconds: float
    weights: tuple[str, ...]
    codec: str
    format: str
    notes: tuple[str, ...]


def restore_video(
    source: str | Path,
    output: str | Path | None = None,
    *,
    task: str | None = None,
    weights: str | Path | None = None,
    start: str | float | None = None,
    end: str | float | None = None,
    preview: str | float | None = None,
    codec: str | None = None,
    crf: int | None = None,
    deinterlace: bool = False,
    temporal: bool = False,
    overwrite: bool = False,
    segment: int = LENGTH,
    progress: Progress | None = None,
    notify: Callable[[str], None] | None = None,
    cancel: Cancel | None = None,
    **options: Any,
) -> VideoResult:
    """Restore a film, frame by frame; sound, subtitles, chapters, times, colours, depth and metadata are kept.

    A run that was killed or cancelled leaves what it has finished in a folder beside the target; the same call goes on from
    there, and the film has the same bytes as one that nobody disturbed.

    Args:
        source: A film, in whatever FFmpeg reads.
        output: Where it goes, as ``.mp4``, ``.m4v``, ``.mov``, ``.mkv`` or ``.webm``; by default beside it, as ``NAME-restored``.
        task: What is wrong with it (`restora.checkpoints.TASKS`). Without it, or with ``"auto"``, some frames are diagnosed
            and what most of them need is done to all.
        weights: Weights to use instead: what `restora.load_model` takes.
        start: First second that is wanted, or ``"MM:SS"``.
        end: Second from which nothing more is wanted.
        preview: Seconds that are wanted from ``start`` on at most.
        codec: ``"h264"``, ``"hevc"``, ``"vp9"``, ``"av1"``, ``"ffv1"`` (without loss) or ``"prores"``; by default that of the film.
        crf: Constant rate factor: 0 the best, larger ones make smaller files.
        deinterlace: Take the fields of interlaced films apart.
        temporal: Fuse each restored frame with the one before, along the motion, against noise that flickers.
        overwrite: Replace a target that is there already.
        segment: Frames that a kill loses at most.
        progress: Called with the frames that are finished, and all.
        notify: Called with what was found and will not be kept, before the work begins.
        cancel: Ends the work when it is set, as for the `Restorer`.
        **options: Of the `Restorer`.

    Returns:
        What became of it.

    Raises:
        Cancelled: ``cancel`` was set.
        RestoraError: No film, wrong options, what cannot be encoded, a target that is there.

    Example:
        >>> restore_video("film.mp4", task="denoise-real", preview=10, temporal=True)
        Traceback (most recent call last):
        restora.errors.RestoraError: film.mp4: does not exist; check the spelling and the folder
    """
    begin, source = perf_counter(), Path(source)
    first, last = (None if time is None else seconds_of(time) for time in (start, end))
    if first is not None and last is not None and first >= last:
        raise RestoraError(f"start ({first:g} s) must lie before end ({last:g} s)")
    if segment < 1:
        raise RestoraError(f"a segment has at least one frame, got {segment}")
    clip = examine(source, first, last, None if preview is None else seconds_of(preview))
    target = _target(source, output, overwrite)
    encoding = choose_encoding(clip, target, codec, crf)
    if clip.interlaced and not deinterlace:
        raise RestoraError(interlaced_words(clip))
    if clip.width * clip.height > MAX_PIXELS:
        raise RestoraError(
            f"{source}: frames of {clip.width} x {clip.height} are larger than {MAX_PIXELS} pixels"
        )
    say = notify or (lambda words: None)
    with claimed(target), cancellable(cancel):
        place = Workplace(
            target,
            {
                "source": [str(source.resolve()), source.stat().st_size, source.stat().st_mtime_ns],
                "part": [clip.begin, clip.end, clip.frames],
                "encoding": repr(asdict(encoding)),
                "asked": [
                    task,
                    fingerprint(weights),
                    deinterlace,
                    temporal,
                    segment,
                    sorted(map(repr, options.items())),
                ],
                "versions": [__version__, av.__version__],
            },
        )
        if not place.facts:
            looked_at = [clip.layout.to_rgb(planes) for planes in samples(clip, deinterlace=deinterlace)]
            treatment = choose_treatment(clip, looked_at, task, weights, options)
            place.begin(asdict(treatment))
        treatment = Treatment(*(tuple(place.facts[name]) for name in ("weights", "options", "notes")))
        notes = [*clip.notes, *encoding.notes, *treatment.notes]
        for words in notes:
            say(words)
        resumed = min(place.done * segment, clip.frames)
        timeline = _restored(clip, encoding, treatment, place, deinterlace, temporal, segment, progress)
        with output_file(target) as stream:
            lost = assemble(clip, place.segments, timeline, stream.name, target)
        for words in lost:
            say(words)
        place.remove()
    return VideoResult(
        source,
        target,
        len(timeline.times),
        resumed,
        perf_counter() - begin,
        treatment.weights,
        encoding.name,
        encoding.format,
        (*notes, *lost),
    )


def _target(source: Path, output: str | Path | None, overwrite: bool) -> Path:
    ending = source.suffix if source.suffix.lower() in CONTAINERS else ".mkv"
    target = Path(output) if output else source.with_name(source.stem + DEFAULT_SUFFIX + ending)
    try:
        mode = mode_of(target)
        if S_ISDIR(mode):
            raise RestoraError(f"{target}: is a folder; name a file, such as {target / 'restored.mp4'}")
        if mode:
            if target.samefile(source):
                raise RestoraError(f"{target}: is the film itself; choose another output")
            if not overwrite:
                raise RestoraError(f"{target}: is there already; --overwrite replaces it")
    except OSError as error:
        raise refusal(target, error) from error
    return target


def _restored(
    clip: Clip,
    encoding: Encoding,
    treatment: Treatment,
    place: Workplace,
    deinterlace: bool,
    temporal: bool,
    segment: int,
    progress: Progress | None,
) -> Timeline:
    """Restore and encode all frames that no finished segment holds; return the times of all."""
    skip = place.done * segment
    timeline = Timeline([], [])
    restorers: list[Restorer] = []
    fusion = TemporalFusion(place.state) if temporal else None

    def prepared() -> Iterator[tuple[Frame, Floats | None]]:
        for frame in decoded(clip, deinterlace=deinterlace, skip=skip):
            yield frame, None if frame.planes is None else clip.layout.to_rgb(frame.planes)

    def finishing() -> None:
        if fusion is not None and fusion.before is not None:
            place.keep(fusion.before)

    with SegmentWriter(place, encoding, segment, finishing) as writer:
        for frame, image in ahead(prepared()):
            check()
            if timeline.times:
                timeline.durations.append(frame.time - timeline.times[-1])
            timeline.times.append(frame.time)
            length = frame.duration
            if frame.planes is None or image is None:
                continue
            restorers = restorers or treatment.restorers()
            restored = image
            for restorer in restorers:
                restored = restorer(restored)
            restored = fusion(restored) if fusion else restored
            writer.add(_planes(clip, encoding, frame.planes, image, restored))
            if progress:
                progress(len(timeline.times), clip.frames)
    if not timeline.times:
        raise RestoraError(f"{clip.path}: no frame of it can be decoded; it is damaged or cut short")
    timeline.durations.append(length or round(1 / clip.rate / clip.time_base))
    return timeline


def _planes(
    clip: Clip, encoding: Encoding, planes: Planes, image: Floats, restored: Floats
) -> Callable[[], Planes]:
    """Return what makes the planes of a restored frame: only the change, where the format is kept."""
    if encoding.format == clip.format:
        return lambda: clip.layout.changed(planes, restored - image)
    return lambda: encoding.layout.from_rgb(restored)
