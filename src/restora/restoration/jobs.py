"""Restoration of files: what is done already, and what became of each."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np

from restora.atomic import claimed, output_file, sweep
from restora.errors import RestoraError
from restora.failures import failure
from restora.images import ImageFile, Photograph, find_images, losses, read, write
from restora.images.formats import format_to_write, recognise
from restora.images.writing import check_target
from restora.pixels import full_scale
from restora.restoration.automatic import AutoRestorer, Choice, restorer_for
from restora.restoration.comparison import write_comparison
from restora.restoration.planning import Job, plan_jobs
from restora.restoration.restorer import Restorer

Status = Literal["restored", "copied", "skipped", "failed"]
MAX_PIXELS = 500_000_000
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
        seconds: From reading to writing.
    """

    source: Path
    status: Status
    target: Path | None = None
    comparison: Path | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    change: float = 0.0
    megapixels: float = 0.0
    seconds: float = 0.0


def restore(
    inputs: str | Path | Sequence[str | Path],
    output: str | Path | None = None,
    *,
    task: str | None = None,
    weights: str | Path | None = None,
    recursive: bool = False,
    quality: int | None = None,
    overwrite: bool = False,
    compare: bool = False,
    **options: Any,
) -> list[Result]:
    """Restore photographs in files.

    Args:
        inputs: A file, a folder or a pattern such as ``scans/*.tif``, or several of them.
        output: A file for one photograph, or a folder, in which the trees of the inputs are mirrored. By
            default each result is written beside its photograph, as ``NAME-restored``.
        task: What is wrong with the photographs (`restora.checkpoints.TASKS`); chooses the weights in the
            package. Without it, or with ``"auto"``, each photograph is diagnosed and restored with the weights
            for what is found, or copied where nothing is.
        weights: Weights to use instead: what `restora.load_model` takes.
        recursive: Also restore what is in the folders below those named.
        quality: 1 to 100 for JPEG and WebP; that of the photograph by default.
        overwrite: Restore again what is there already.
        compare: Also write a picture of before and after beside each result.
        **options: Of the `Restorer`: ``strength``, ``tile``, ``overlap``, ``ensemble``, ``precision``,
        ``device``, ``threads``.

    Returns:
        A result for every file; those whose target was there already are skipped.

    Raises:
        RestoraError: Wrong options at once; failed files after all others are done.

    Example:
        >>> restore("no-such-photograph.jpg")
        Traceback (most recent call last):
        restora.errors.RestoraError: no-such-photograph.jpg: does not exist; check the spelling and the folder
    """
    images, missing = gather([inputs] if isinstance(inputs, str | Path) else inputs, recursive=recursive)
    jobs = plan_jobs(images, output)
    restorer = restorer_for(task, weights, **options) if jobs else None
    results = [*missing]
    if restorer is not None:
        results += run_jobs(jobs, restorer, quality=quality, overwrite=overwrite, compare=compare)
    failed = [result for result in results if result.status == "failed"]
    if failed:
        more = f" ({len(failed)} of {len(results)} failed, this was the first)" if len(results) > 1 else ""
        raise RestoraError(f"{failed[0].error}{more}")
    return results


def gather(inputs: Iterable[str | Path], *, recursive: bool = False) -> tuple[list[ImageFile], list[Result]]:
    """Find the images that the inputs stand for.

    Args:
        inputs: Files, folders and patterns; see `find_images`.
        recursive: Also look into the folders below those named.

    Returns:
        The images, each once, and a failed result for each input that stands for none, and for each folder below
        them that may not be looked at.
    """
    failed: list[Result] = []

    def note(path: Path, error: RestoraError) -> None:
        failed.append(Result(path, "failed", error=str(error)))

    return find_images(list(inputs), recursive=recursive, onerror=note), failed


def run_jobs(
    jobs: Iterable[Job],
    restorer: Restorer | AutoRestorer,
    *,
    quality: int | None = None,
    overwrite: bool = False,
    compare: bool = False,
    max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
) -> Iterator[Result]:
    """Restore one file after the other; a file that fails, whatever of, does not stop the rest.

    Args:
        jobs: From `plan_jobs`.
        restorer: Does the work.
        quality: 1 to 100 for JPEG and WebP; that of the photograph by default.
        overwrite: Restore again what is there already; also allows a photograph to be replaced by its
            restoration.
        compare: Also write a picture of before and after.
        max_pixels: Refuse larger photographs.
        progress: Called with the job at hand, its finished and all its megapixels.

    Yields:
        The result of each job, when it is done.
    """
    for job in jobs:
        begin = perf_counter()
        try:
            if job.refusal is not None:
                raise RestoraError(job.refusal)
            sweep(job.target.resolve().parent)
            if job.target.exists() and not overwrite:
                result = _finished(job, compare, max_pixels)
            else:
                with claimed(job.target):
                    result = _restored(job, restorer, quality, overwrite, compare, max_pixels, progress)
        except Exception as error:  # whatever it is, the other files are to be restored
            words = failure(error, job.source, job.target, job.comparison)
            result = Result(job.source, "failed", error=words)
        yield Result(**{**result.__dict__, "seconds": perf_counter() - begin})


def _restored(
    job: Job,
    restorer: Restorer | AutoRestorer,
    quality: int | None,
    overwrite: bool,
    compare: bool,
    max_pixels: int,
    progress: Progress | None,
) -> Result:
    photograph = read(job.source, max_pixels=max_pixels)
    check_target(job.target, photograph, quality=quality, overwrite=overwrite)  # now, not after the work
    size = photograph.megapixels

    def report(done: float) -> None:
        if progress:
            progress(job, done * size, size)

    choice = restorer.choose(photograph) if isinstance(restorer, AutoRestorer) else Choice((restorer,))
    if not choice.restorers and _keeps_format(job):
        return _copied(job, photograph, compare, choice.notes)
    after = choice(photograph, report)
    write(job.target, after, quality=quality, overwrite=overwrite)
    if compare:  # with what is in the file, as a later run would
        write_comparison(job.comparison, photograph, read(job.target, max_pixels=max_pixels))
    change = mean_change(photograph, after)
    hardly = f"hardly changed ({change:.2f} of 255 grey levels in the mean); is this the right --task?"
    restored = bool(choice.restorers)
    return Result(
        job.source,
        "restored" if restored else "copied",
        job.target,
        job.comparison if compare else None,
        notes=(
            *choice.notes,
            *photograph.notes,
            *losses(job.target, photograph),
            *([hardly] if restored and change < HARDLY else []),
        ),
        change=change,
        megapixels=size,
    )


def _keeps_format(job: Job) -> bool:
    with job.source.open("rb") as stream:
        return recognise(stream.read(16)) == format_to_write(job.target)


def _copied(job: Job, photograph: Photograph, compare: bool, notes: tuple[str, ...]) -> Result:
    """Leave a photograph alone, byte for byte."""
    if not (job.target.exists() and job.target.samefile(job.source)):
        with output_file(job.target) as stream, job.source.open("rb") as source:
            shutil.copyfileobj(source, stream)
    if compare:
        write_comparison(job.comparison, photograph, photograph)
    comparison = job.comparison if compare else None
    return Result(job.source, "copied", job.target, comparison, notes=notes, megapixels=photograph.megapixels)


def mean_change(before: Photograph, after: Photograph) -> float:
    """Return the mean absolute difference of two photographs of one shape and depth, in grey levels of 255.

    Example:
        >>> import numpy as np
        >>> black, gray = Photograph(np.zeros((4, 4), np.uint16)), Photograph(np.full((4, 4), 257, np.uint16))
        >>> mean_change(black, gray)
        1.0
    """
    # Row by row: a whole picture of differences would be as large again as the photograph.
    rows = zip(before.pixels, after.pixels, strict=True)
    total = sum(float(np.abs(b.astype(np.float64) - a).sum()) for b, a in rows)
    return 255 * total / full_scale(before.pixels.dtype) / before.pixels.size


def _finished(job: Job, compare: bool, max_pixels: int) -> Result:
    if job.target.samefile(job.source):
        raise RestoraError(
            f"{job.target}: would be replaced by its own restoration; choose another output, or add --overwrite"
        )
    if compare and not job.comparison.exists():
        before, after = (read(path, max_pixels=max_pixels) for path in (job.source, job.target))
        write_comparison(job.comparison, before, after)
    return Result(job.source, "skipped", job.target, job.comparison if compare else None)
