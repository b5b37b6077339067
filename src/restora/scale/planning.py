"""Planning of a large run: which picture is restored to where, on disks and in stores alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from restora.errors import RestoraError
from restora.images import ImageFile
from restora.restoration.jobs import gather
from restora.restoration.planning import Job, plan_jobs
from restora.scale.places import READ_ONLY, as_path, as_place, find
from restora.urls import is_url


@dataclass(frozen=True)
class Order:
    """A picture to restore.

    Attributes:
        source: Its place.
        target: The place of its restoration.
        refusal: Why it cannot be restored, if that is known.
    """

    source: str
    target: str
    refusal: str | None = None


def plan_orders(
    inputs: Sequence[str],
    output: str | None,
    *,
    recursive: bool = False,
    suffix: str | None = None,
    file_format: str | None = None,
    overwrite: bool = False,
) -> tuple[list[Order], list[tuple[str, str]]]:
    """Decide where each restoration goes, as `plan_jobs` does for files.

    Args:
        inputs: Files, folders, patterns, and URLs of each.
        output: A file for one picture, or a folder; by default beside each picture.
        recursive: Also look into the folders below those named.
        suffix: Follows the name; see `plan_jobs`.
        file_format: Of the results; see `plan_jobs`.
        overwrite: Whether a picture may be replaced by its restoration.

    Returns:
        The orders, and each input that stands for none with the reason.

    Raises:
        RestoraError: An unknown format, a file for several pictures, or a place that cannot be written.
    """
    images: dict[Path, ImageFile] = {}
    urls: dict[Path, str] = {}
    missing: list[tuple[str, str]] = []
    for named in (name.removeprefix("file://") for name in inputs):
        if not is_url(named):
            found, failed = gather([named], recursive=recursive)
            missing += [(str(result.source), result.error or "") for result in failed]
            images |= {image.path: image for image in found if image.path not in images}
            continue
        try:
            for url, relative in find(named, recursive=recursive):
                path = as_path(url)
                urls[path] = url  # exactly: a path would lose slashes that follow one another
                images.setdefault(path, ImageFile(path, Path(relative)))
        except RestoraError as error:
            missing.append((named, str(error)))
    place = None if output is None else as_path(output.removeprefix("file://"))
    try:
        jobs = plan_jobs([*images.values()], place, suffix=suffix, file_format=file_format)
    except RestoraError as error:
        raise RestoraError(as_place(str(error))) from error
    return [_order(job, urls.get(job.source, str(job.source.absolute())), overwrite) for job in jobs], missing


def _order(job: Job, source: str, overwrite: bool) -> Order:
    target = as_place(job.target.as_posix())
    target = target if is_url(target) else str(Path(target).absolute())  # workers may be elsewhere
    if target.startswith(READ_ONLY):
        raise RestoraError(f"{target}: nothing can be written there; name another output (-o)")
    refusal = job.refusal and as_place(job.refusal)
    if source == target and not overwrite:
        refusal = (
            f"{target}: would be replaced by its own restoration; choose another output, or add --overwrite"
        )
    return Order(source, target, refusal)
