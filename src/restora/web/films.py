"""Restoring a film of a visit, as ``restora video`` does."""

import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restora.errors import RestoraError
from restora.images import Photograph
from restora.images.formats import HEAD, is_video
from restora.progress import Pace, ProgressMeter
from restora.restoration.choosing import AUTO
from restora.restoration.run import Background
from restora.web.restoring import Offer, Step
from restora.web.visits import FILM, Visit


@dataclass(frozen=True)
class Film:
    """A film that was restored.

    Attributes:
        target: The file.
        size: Width and height of a frame in pixels.
        before: PNG of a frame from its middle.
        after: PNG of the same frame, restored.
        notes: What was found, and what is not kept.
    """

    target: Path
    size: tuple[int, int]
    before: Path
    after: Path
    notes: tuple[str, ...]


def film_restored(
    visit: Visit, upload: Path, task: str, preview: str, temporal: bool, offer: Offer
) -> Generator[Step | Film]:
    """Restore a film.

    Args:
        visit: Gets it; its ``stop`` cancels.
        upload: The file.
        task: ``--task``.
        preview: ``--preview``; empty for all of it.
        temporal: ``--temporal``.
        offer: Of the page.

    Yields:
        How far it is, from time to time; at last, what became of it.

    Raises:
        Cancelled: ``visit.stop`` was set.
        RestoraError: It is no film, or as `restora.video.restore_video`.
    """
    from restora.video import restore_video  # PyAV is an extra
    from restora.video.clip import examine
    from restora.video.timing import seconds_of

    with upload.open("rb") as stream:
        if not is_video(stream.read(HEAD)):  # nor a list of others, which FFmpeg would follow
            raise RestoraError(
                f"{upload.name}: is no film that restora knows; give it MP4, MOV, Matroska, WebM or AVI"
            )
    for old in visit.folder.glob(f"{FILM}*"):
        shutil.rmtree(old, ignore_errors=True)
    yield Step("looking at the film", Pace(0.0))
    source = visit.new_folder(FILM) / upload.name
    shutil.copyfile(upload, source)
    clip = examine(source, most=seconds_of(preview) if preview else None)
    if clip.width * clip.height > offer.max_pixels:
        raise RestoraError(
            f"{source}: frames of {clip.width} x {clip.height} are larger than {offer.max_pixels} pixels"
        )

    def work(report: Callable[[tuple[int, int]], None]) -> Any:
        return restore_video(
            source,
            task=None if task == AUTO else task,
            preview=preview or None,
            temporal=temporal,
            progress=lambda done, frames: report((done, frames)),
            cancel=visit.stop,
            **dict(offer.options),
        )

    meter = ProgressMeter(clip.frames)
    with Background(work, visit.stop) as background:
        for done, frames in background:
            yield Step(source.name, meter.report(min(1.0, done / frames)), "frames")
        result = background.result()
    before, after = (_middle(visit, each) for each in (clip, examine(result.target)))
    yield Film(result.target, (clip.width, clip.height), before, after, tuple(map(visit.words, result.notes)))


def _middle(visit: Visit, clip: Any) -> Path:
    """Write a frame from the middle of a film for the browser to show."""
    from restora.video.decoding import samples

    frames = samples(clip)
    return visit.png(Photograph(clip.layout.to_rgb(frames[len(frames) // 2])))
