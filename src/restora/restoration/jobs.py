"""Restoration of files, one or many, or of an image in memory."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, overload

import numpy as np
import PIL.Image
import torch

from restora.cancellation import Cancel, Cancelled
from restora.errors import RestoraError
from restora.images import ImageFile, Photograph, find_images
from restora.input_types import in_memory
from restora.restoration.choosing import restorer_for
from restora.restoration.file_restoration import MAX_PIXELS, FileRestoration, Progress, Result, Settings
from restora.restoration.pipeline import pipelined, side_by_side
from restora.restoration.planning import Job, plan_jobs
from restora.restoration.restorer import Restorer

if TYPE_CHECKING:
    from restora.restoration.automatic import AutoRestorer

__all__ = ["MAX_PIXELS", "Result", "gather", "restore", "run_jobs"]


Image = TypeVar("Image", Photograph, PIL.Image.Image, np.ndarray[Any, Any], torch.Tensor)


@overload
def restore(
    inputs: str | Path | Sequence[str | Path], output: str | Path | None = None, **options: Any
) -> list[Result]: ...
@overload
def restore(inputs: bytes | bytearray | memoryview | BinaryIO, **options: Any) -> Photograph: ...
@overload
def restore(inputs: Image, **options: Any) -> Image: ...
def restore(
    inputs: Any,
    output: str | Path | None = None,
    *,
    task: str | None = None,
    weights: str | Path | None = None,
    recursive: bool = False,
    quality: int | None = None,
    overwrite: bool = False,
    compare: bool = False,
    progress: Any = None,
    cancel: Cancel | None = None,
    **options: Any,
) -> Any:
    """Restore photographs in files, or one image in memory.

    Args:
        inputs: A file, a folder or a pattern such as ``scans/*.tif``, or several of them. Or an image in memory:
            whatever a `Restorer` takes, but a path.
        output: A file for one photograph, or a folder, in which the trees of the inputs are mirrored. By
            default each result is written beside its photograph, as ``NAME-restored``. Not for an image in memory,
            nor are the options of files (``recursive`` to ``compare``).
        task: What is wrong with the photographs (`restora.checkpoints.TASKS`); chooses the weights in the
            package. Without it, or with ``"auto"``, each photograph is diagnosed and restored with the weights
            for what is found, or copied where nothing is.
        weights: Weights to use instead: what `restora.load_model` takes.
        recursive: Also restore what is in the folders below those named.
        quality: 1 to 100 for JPEG and WebP; that of the photograph by default.
        overwrite: Restore again what is there already.
        compare: Also write a picture of before and after beside each result.
        progress: Called with the job at hand, its finished and all its megapixels; of an image in memory, with the
            finished fraction.
        cancel: Ends the work when it is set, as for the `Restorer`; files that are finished stay.
        **options: Of the `Restorer`: ``strength``, ``tile``, ``overlap``, ``ensemble``, ``precision``,
            ``device``, ``engine``, ``threads``, ``reproducible``.

    Returns:
        A result for every file; those whose target was there already are skipped. For an image in memory, the restored
        one, of the same kind: an array, a PIL image, a tensor or a `Photograph`, which bytes and file objects become.

    Raises:
        Cancelled: ``cancel`` was set before all was done.
        RestoraError: Wrong options at once; failed files after all others are done.

    Example:
        >>> restore("no-such-photograph.jpg")
        Traceback (most recent call last):
        restora.errors.RestoraError: no-such-photograph.jpg: does not exist; check the spelling and the folder
        >>> restore(np.full((20, 30, 3), 128, np.uint8), task="denoise").shape
        (20, 30, 3)
    """
    if in_memory(inputs):
        if output is not None or recursive or quality is not None or overwrite or compare:
            raise RestoraError(
                f"a {type(inputs).__name__} is given back restored, not written; leave out output and the options of files"
            )
        return restorer_for(task, weights, **options)(inputs, progress=progress, cancel=cancel)
    if not isinstance(inputs, str | Path | Iterable):
        raise RestoraError(
            f"cannot restore a {type(inputs).__name__}; give paths, or an array, a tensor, a PIL image, bytes or a file object"
        )
    images, missing = gather([inputs] if isinstance(inputs, str | Path) else inputs, recursive=recursive)
    jobs = plan_jobs(images, output)
    restorer = restorer_for(task, weights, **options) if jobs else None
    results = [*missing]
    if restorer is not None:
        results += run_jobs(
            jobs,
            restorer,
            quality=quality,
            overwrite=overwrite,
            compare=compare,
            progress=progress,
            cancel=cancel,
        )
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

    Example:
        >>> images, failed = gather(["no-such-photograph.jpg"])
        >>> images, failed[0].status
        ([], 'failed')
    """
    failed: list[Result] = []

    def note(path: Path, error: RestoraError) -> None:
        failed.append(Result(path, "failed", error=str(error)))

    return find_images(list(inputs), recursive=recursive, onerror=note), failed


def run_jobs(
    jobs: Iterable[Job],
    restorer: "Restorer | AutoRestorer",
    *,
    quality: int | None = None,
    overwrite: bool = False,
    compare: bool = False,
    max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    workers: int = 1,
) -> Iterator[Result]:
    """Restore one file after the other; a file that fails, whatever of, does not stop the rest.

    The next one is read and those before are written meanwhile, see `restora.restoration.pipeline`.

    Args:
        jobs: From `plan_jobs`.
        restorer: Does the work.
        quality: 1 to 100 for JPEG and WebP; that of the photograph by default.
        overwrite: Restore again what is there already; also allows a photograph to be replaced by its
            restoration.
        compare: Also write a picture of before and after.
        max_pixels: Refuse larger photographs.
        progress: Called with the job at hand, its finished and all its megapixels.
        cancel: Ends the work when it is set, as for the `Restorer`; files that are finished stay.
        workers: Files that are worked on at once, each with the threads of the restorer: pays for small ones alone.

    Yields:
        The result of each job, in order, when it is done.

    Raises:
        Cancelled: ``cancel`` was set before all was done; after the results of what was done.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Photograph(np.full((20, 30, 3), 128, np.uint8)).save(Path(folder) / "1.png")
        ...     images, failed = gather([folder])
        ...     [result.status for result in run_jobs(plan_jobs(images), restorer_for("denoise"))]
        ['restored']
    """
    left = Event()  # by the caller, with files that are still worked on
    ends = cancel or (left if workers > 1 else None)
    settings = Settings(restorer, quality, overwrite, compare, max_pixels, progress, ends)
    cancelled = False

    def until_cancelled() -> Iterator[FileRestoration]:
        nonlocal cancelled
        for job in jobs:
            if ends is not None and ends.is_set():
                cancelled = True
                return
            yield FileRestoration(job, settings)

    files = until_cancelled()
    for done in pipelined(files) if workers == 1 else side_by_side(files, workers, left):
        if done.result is not None:
            yield done.result
        cancelled |= done.cancelled
    if cancelled:
        raise Cancelled("cancelled; what was finished is there, run it again to continue")
