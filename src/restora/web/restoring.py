"""Restoring the pictures of a visit, as the command does, with a word now and then on how far it is."""

import math
import shutil
import zipfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

from restora.checkpoints.tasks import tasks_with_weights, weights_for_task
from restora.errors import RestoraError, suggestion
from restora.images import read
from restora.progress import Pace, ProgressMeter
from restora.restoration import AutoRestorer, Job, Restorer, Result, plan_jobs, restorer_for, run_jobs
from restora.restoration.choosing import AUTO
from restora.restoration.planning import DEFAULT_SUFFIX
from restora.restoration.run import Background
from restora.restoration.tiling import tile_named
from restora.web.visits import THUMBNAIL, Picture, Visit

KEPT = 4
"""Restorers that are kept for the next visitor."""
PATIENCE = 0.2
"""Seconds between two words on how far a picture is."""


@dataclass(frozen=True)
class Offer:
    """What a page offers to all of its visitors.

    Attributes:
        weights: Names of weights or files that may be chosen.
        max_pixels: Refuse larger pictures.
        options: Of the `Restorer`, not for visitors to choose: ``threads``, ``device``, ``reproducible``.
    """

    weights: tuple[str, ...]
    max_pixels: int
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def tasks(self) -> list[str]:
        """Tasks that weights in the package do."""
        return [AUTO, *tasks_with_weights()]


@dataclass(frozen=True)
class Wish:
    """How a visitor wants the pictures restored: the options of ``restora restore``.

    Attributes:
        task: ``--task``.
        weights: ``--weights``; empty for the best of the task.
        strength: ``--strength``.
        engine: ``--engine``.
        tile: ``--tile``.
        file_format: ``--format``; empty for that of the picture.
        quality: ``--quality``; 0 for that of the picture.
    """

    task: str = AUTO
    weights: str = ""
    strength: float = 1.0
    engine: str = "auto"
    tile: str = "auto"
    file_format: str = ""
    quality: int = 0

    def restorer(self, offer: Offer) -> Restorer | AutoRestorer:
        """Build what does it; the last `KEPT` are kept.

        Raises:
            RestoraError: As `restorer_for`; or weights that the page does not offer, for names stand for files too.
        """
        if self.weights and self.weights not in offer.weights:
            raise RestoraError(
                f"the weights {self.weights!r} are not offered here{suggestion(self.weights, offer.weights)}"
            )
        return _built(replace(self, file_format="", quality=0), offer.options)

    def plan(self, picture: Picture) -> str:
        """Say what would be done to a picture."""
        tasks = picture.choice.tasks if self.task == AUTO else (self.task,)
        names = (self.weights,) if self.weights else tuple(map(weights_for_task, tasks))
        return f"restored with {', then '.join(names)}" if names else "left as it is"


@lru_cache(maxsize=KEPT)
def _built(wish: Wish, options: tuple[tuple[str, Any], ...]) -> Restorer | AutoRestorer:
    return restorer_for(
        None if wish.task == AUTO else wish.task,
        wish.weights or None,
        strength=wish.strength,
        engine=wish.engine,
        tile=tile_named(wish.tile),
        **dict(options),
    )


@dataclass(frozen=True)
class Step:
    """How far the work is.

    Attributes:
        words: What is being done.
        pace: Fraction, rate and time left, as far as known.
        unit: Of the rate, many of them.
    """

    words: str
    pace: Pace
    unit: str = "megapixels"


def restored(visit: Visit, wish: Wish, offer: Offer) -> Generator[Step]:
    """Restore the pictures of a visit; what was finished when it is cancelled stays.

    Yields:
        How far it is, from time to time; the results are in the pictures.

    Raises:
        Cancelled: ``visit.stop`` was set.
        RestoraError: There are no pictures, or no such weights.
    """
    _ = visit.picture  # there is one
    for old in visit.folder.glob("run*"):
        shutil.rmtree(old, ignore_errors=True)
    for picture in visit.pictures:
        picture.result = picture.views = None
    yield Step("loading the network", Pace(0.0))
    restorer = wish.restorer(offer)
    jobs = plan_jobs(
        [picture.file for picture in visit.pictures],
        visit.new_folder("run"),
        suffix=DEFAULT_SUFFIX,
        file_format=wish.file_format or None,
    )
    of = {picture.file.path: picture for picture in visit.pictures}
    total = sum(picture.megapixels for picture in visit.pictures)
    meter, finished = ProgressMeter(total), 0.0

    def work(report: Callable[[Any], None]) -> None:
        told = -math.inf

        def progress(job: Job, done: float, megapixels: float) -> None:
            nonlocal told
            if monotonic() - told >= PATIENCE:
                told = monotonic()
                report((job, done / megapixels * of[job.source].megapixels))  # of several pictures, all

        options: dict[str, Any] = {
            "overwrite": True,
            "max_pixels": offer.max_pixels,
            "quality": int(wish.quality) or None,
        }
        for result in run_jobs(jobs, restorer, progress=progress, cancel=visit.stop, **options):
            report(result)

    with Background(work, visit.stop) as background:
        for said in background:
            if isinstance(said, Result):
                picture = of[said.source]
                finished += picture.megapixels
                picture.result = _told(visit, said)
                if said.target is not None:
                    picture.thumbnail = visit.png(read(said.target, max_pixels=offer.max_pixels), THUMBNAIL)
                yield Step(picture.name, meter.report(min(1.0, finished / total)))
            else:
                job, done = said
                yield Step(job.source.name, meter.report(min(1.0, (finished + done) / total)))
        background.result()


def _told(visit: Visit, result: Result) -> Result:
    """Return a result whose words name files as the visitor knows them."""
    error = None if result.error is None else visit.words(result.error)
    return replace(result, error=error, notes=tuple(map(visit.words, result.notes)))


def zipped(visit: Visit) -> Path | None:
    """Write what was restored into one file, not compressed again; ``None`` where there is nothing."""
    targets = [p.result.target for p in visit.pictures if p.result is not None and p.result.target]
    if not targets:
        return None
    path = visit.new_folder("run") / "restored.zip"
    names: set[str] = set()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for target in targets:
            name, number = target.name, 1
            while name in names:
                number += 1
                name = f"{target.stem} ({number}){target.suffix}"
            names.add(name)
            archive.write(target, name)
    return path
