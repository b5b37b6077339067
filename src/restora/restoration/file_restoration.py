"""Restoration of one file in stages: read, restore, write."""

import errno
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from restora.atomic import claimed, output_file, refusal, sweep
from restora.cancellation import Cancel, Cancelled, cancellable, check
from restora.errors import RestoraError
from restora.failures import failure
from restora.images import Photograph, holds_all, losses, read, read_all, write, write_all
from restora.images.formats import format_to_write
from restora.images.writing import check_target
from restora.restoration.choosing import Choice
from restora.restoration.planning import Job
from restora.restoration.restorer import Restorer
from restora.restoration.series_restoration import SeriesRestoration, mean_change

if TYPE_CHECKING:
    from restora.restoration.automatic import AutoRestorer

Status = Literal["restored", "copied", "skipped", "failed"]
MAX_PIXELS = 500_000_000
COPIES = 2
"""Pictures of its size that restoring a photograph takes beside it: the result, and its file before it is written."""
NETWORK_MEMORY = 2**29
"""Bytes that are to be free beside those of the pictures, for a network and the rows that it works on."""
HARDLY = 0.5
"""Mean change in grey levels of 255 below which a restoration looks like its photograph."""

Progress = Callable[[Job, float, float], None]


@dataclass(frozen=True)
class Result:
    """What became of a file.

    Attributes:
        source: The photograph.
        status: ``"restored"``; ``"copied"`` if nothing was found to restore; ``"skipped"`` if its target was there
            already; ``"failed"``.
        target: The restoration or the copy, ``None`` if it failed.
        comparison: The picture of before and after, if one was asked for.
        error: Why it failed, one line that names the file.
        notes: What was found and done if no task was given; what reading and writing could not keep.
        change: Mean difference between photograph and restoration in grey levels of 255, 0 unless restored.
        megapixels: Millions of pixels of the photograph, 0 unless restored.
        used: What it was restored with, one after the other; see `Restorer`.
        seconds: Of reading, restoring and writing; other files may have been at work at the same time.

    Example:
        >>> Result(Path("1.jpg"), "restored", Path("1-restored.jpg"), change=3.2).error is None
        True
    """

    source: Path
    status: Status
    target: Path | None = None
    comparison: Path | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    change: float = 0.0
    megapixels: float = 0.0
    used: tuple[dict[str, str | int | None], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Settings:
    """How the files of a run are restored.

    Attributes:
        restorer: Does the work.
        quality: 1 to 100 for JPEG and WebP; that of the photograph by default.
        overwrite: Restore again what is there already; also allows a photograph to be replaced by its restoration.
        compare: Also write a picture of before and after.
        max_pixels: Refuse larger photographs.
        progress: Called with the job at hand, its finished and all its megapixels.
        cancel: Ends the work when it is set; see `Restorer`.
    """

    restorer: "Restorer | AutoRestorer"
    quality: int | None = None
    overwrite: bool = False
    compare: bool = False
    max_pixels: int = MAX_PIXELS
    progress: Progress | None = None
    cancel: Cancel | None = None


class FileRestoration:
    """A job on its way through the stages of `restora.restoration.pipeline`.

    Attributes:
        job: Its files.
        settings: Of the run.
        result: What became of it, as soon as that is known.
        cancelled: Whether it was stopped, and there is no result.
    """

    def __init__(self, job: Job, settings: Settings) -> None:
        self.job, self.settings = job, settings
        self.result: Result | None = None
        self.cancelled = False
        self._claim = ExitStack()
        self._before: Photograph | None = None
        self._after: Photograph | None = None
        self._series: SeriesRestoration | None = None
        self._choice = Choice(())
        self._used: tuple[dict[str, str | int | None], ...] = ()
        self._seconds = 0.0

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels before and, when they are there, after."""
        held = (self._before, self._after)
        return sum(photograph.pixels.nbytes for photograph in held if photograph is not None)

    def read(self) -> None:
        """Read the photograph, unless there is nothing to do or it cannot be done: then there is a `result`."""
        self._stage(self._read)

    def work(self) -> None:
        """Restore the photograph, while no other process may do the same."""
        self._stage(self._work)

    def write(self) -> None:
        """Write what is to be written; now there is a `result`."""
        self._stage(self._write)
        if self.result is not None:
            self.result = replace(self.result, seconds=self._seconds)
        self._end()

    def _stage(self, stage: Callable[[], Result | None]) -> None:
        """Do a stage if there is no result yet; the one place that decides what a failed file is."""
        begin = perf_counter()
        try:
            if not self.cancelled:
                self.result = self.result or stage()
        except Cancelled:
            self.cancelled = True
        except Exception as error:  # whatever it is, the other files are to be restored
            words = failure(error, self.job.source, self.job.target, self.job.comparison)
            self.result = Result(self.job.source, "failed", error=words)
        except BaseException:
            self._end()
            raise
        self._seconds += perf_counter() - begin

    def _end(self) -> None:
        self._before = self._after = self._series = None
        self._claim.close()

    def _read(self) -> Result | None:
        job, settings = self.job, self.settings
        if job.refusal is not None:
            raise RestoraError(job.refusal)
        sweep(job.target.resolve().parent)
        if (finished := self._finished()) is not None:
            return finished
        self._before = read(job.source, max_pixels=settings.max_pixels, copies=COPIES, beside=NETWORK_MEMORY)
        # Now, not after the work.
        check_target(job.target, self._before, quality=settings.quality, overwrite=settings.overwrite)
        return None

    def _work(self) -> Result | None:
        before = self._before
        assert before is not None
        self._claim.enter_context(claimed(self.job.target))
        if (finished := self._finished()) is not None:  # meanwhile, by another process
            return finished
        restorer, size, cancel = self.settings.restorer, before.megapixels, self.settings.cancel

        def report(done: float) -> None:
            if self.settings.progress:
                self.settings.progress(self.job, done * size, size)

        with cancellable(cancel):
            check()
            if holds_all(self.job.target, before):
                self._work_on_all(before)
                return None
            self._choice = Choice.of(restorer, before)
            keeps_format = before.metadata.format == format_to_write(self.job.target).name
            if self._choice.restorers or not keeps_format:
                self._after = self._choice(before, report)
            self._used = tuple(restorer.used for restorer in self._choice.restorers)
        return None

    def _work_on_all(self, first: Photograph) -> None:
        """Restore several pictures, each written before the next one: memory holds one of them."""
        job, settings = self.job, self.settings
        limits = {"max_pixels": settings.max_pixels, "copies": COPIES, "beside": NETWORK_MEMORY}
        every = SeriesRestoration(
            settings.restorer, partial(read_all, job.source, **limits), first, job.target
        )
        size = every.series.pixels / 1e6

        def report(done: float) -> None:
            if settings.progress:
                settings.progress(job, done * size, size)

        if every.is_restoring or first.metadata.format != format_to_write(job.target).name:
            restored = every.restored(report)
            write_all(job.target, restored, quality=settings.quality, overwrite=settings.overwrite)
        self._series = every

    def _write(self) -> Result:
        job, settings, before, after, every = self.job, self.settings, self._before, self._after, self._series
        assert before is not None
        notes, megapixels, change = self._choice.notes, before.megapixels, 0.0
        restored, used = bool(self._choice.restorers), self._used
        if every is not None:
            notes, megapixels, change = every.notes, every.series.pixels / 1e6, every.change
            restored, used = every.is_restoring, every.used
        elif after is not None:
            write(job.target, after, quality=settings.quality, overwrite=settings.overwrite)
            notes += (*before.notes, *losses(job.target, after))
            change = mean_change(before, after)
        keeps_format = before.metadata.format == format_to_write(job.target).name
        if not restored and keeps_format:
            _copy(job)
        if settings.compare:  # with what is in the file, as a later run would
            from restora.restoration.comparison import write_comparison

            write_comparison(job.comparison, before, read(job.target, max_pixels=settings.max_pixels))
        hardly = f"hardly changed ({change:.2f} of 255 grey levels in the mean); is this the right --task?"
        return Result(
            job.source,
            "restored" if restored else "copied",
            job.target,
            job.comparison if settings.compare else None,
            notes=(*notes, *([hardly] if restored and change < HARDLY else [])),
            change=change,
            megapixels=megapixels,
            used=used,
        )

    def _finished(self) -> Result | None:
        """Return the result of a job whose target is there, and is not to be made again."""
        job, settings = self.job, self.settings
        if settings.overwrite or not job.target.exists():
            return None
        for path in (job.target, job.comparison) if settings.compare else (job.target,):
            if path.is_dir():
                raise refusal(path, IsADirectoryError(errno.EISDIR, str(path)))
        if job.target.samefile(job.source):
            raise RestoraError(
                f"{job.target}: would be replaced by its own restoration; choose another output, or add --overwrite"
            )
        if settings.compare and not job.comparison.exists():
            from restora.restoration.comparison import write_comparison

            before, after = (read(path, max_pixels=settings.max_pixels) for path in (job.source, job.target))
            write_comparison(job.comparison, before, after)
        return Result(job.source, "skipped", job.target, job.comparison if settings.compare else None)


def _copy(job: Job) -> None:
    """Leave a photograph alone, byte for byte."""
    if not (job.target.exists() and job.target.samefile(job.source)):
        with output_file(job.target) as stream, job.source.open("rb") as source:
            shutil.copyfileobj(source, stream)
