"""Jobs: which file is restored to where."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from restora.errors import RestoraError
from restora.images import WRITABLE_SUFFIXES, ImageFile
from restora.images.formats import format_to_write, suffix_to_write

DEFAULT_SUFFIX = "-restored"
"""Follows the name of a photograph whose result is written beside it."""


@dataclass(frozen=True)
class Job:
    """One file to restore.

    Attributes:
        source: The photograph.
        target: Where its restoration goes.
        refusal: Why it cannot be restored, if that is known.

    Example:
        >>> Job(Path("in/1.jpg"), Path("out/1.jpg")).comparison.name
        '1-compare.png'
    """

    source: Path
    target: Path
    refusal: str | None = None

    @property
    def comparison(self) -> Path:
        """Where a picture of before and after goes."""
        return self.target.with_name(f"{self.target.stem}-compare.png")


def plan_jobs(
    images: Sequence[ImageFile],
    output: str | Path | None = None,
    *,
    suffix: str | None = None,
    file_format: str | None = None,
) -> list[Job]:
    """Decide where each restoration goes.

    Images that are themselves results of others among them, of an earlier run, are left out. Of those that would have
    one target, one is restored, if there is one whose format is kept that one; the others are refused.

    Args:
        images: From `find_images`; their relative paths are mirrored below an output folder.
        output: A file (one image, a suffix that can be written, no folder of that name), a folder, or
            ``None`` for beside the image.
        suffix: Follows the name; by default nothing in an output folder, and `DEFAULT_SUFFIX` beside the
            image.
        file_format: Format of the results, such as ``"png"``; by default that of the image, PNG where it
            cannot be written.

    Raises:
        RestoraError: An unknown format, or a file for several images.

    Example:
        >>> plan_jobs([ImageFile(Path("in/a/1.jpg"), Path("a/1.jpg"))], "out")
        [Job(source=PosixPath('in/a/1.jpg'), target=PosixPath('out/a/1.jpg'), refusal=None)]
    """
    ending = None if file_format is None else file_ending(file_format)
    if output is not None and _names_a_file(Path(output), images):
        if suffix is not None or ending not in (None, Path(output).suffix.lower()):
            raise RestoraError(f"{output}: names the result already; leave out the suffix and the format")
        return [Job(image.path, Path(output)) for image in images]
    if suffix is None:
        suffix = DEFAULT_SUFFIX if output is None else ""
    if Path(suffix).name != suffix and suffix:
        raise RestoraError(
            f"the suffix is put behind the name of a file and may not hold a path, got {suffix!r}"
        )
    jobs = []
    for image in images:
        place = image.path if output is None else Path(output) / image.relative
        jobs.append(
            Job(image.path, place.with_name(place.stem + suffix + (ending or suffix_to_write(place))))
        )
    return _distinct(_without_results(jobs))


def file_ending(file_format: str) -> str:
    """Return the ending of files of a format, such as ``".png"`` of ``"PNG"``.

    Raises:
        RestoraError: It cannot be written.
    """
    ending = "." + file_format.lower().removeprefix(".")
    if ending not in WRITABLE_SUFFIXES:
        known = ", ".join(suffix.removeprefix(".") for suffix in WRITABLE_SUFFIXES)
        raise RestoraError(f"cannot write the format {file_format!r}; there are: {known}")
    return ending


def _names_a_file(output: Path, images: Sequence[ImageFile]) -> bool:
    if output.is_dir() or not output.suffix:
        return False
    if len(images) == 1:
        format_to_write(output)  # a clear word, instead of a folder named photo.heic
        return True
    if output.suffix.lower() in WRITABLE_SUFFIXES and images:
        raise RestoraError(f"{output}: names one file, but there are {len(images)} images; name a folder")
    return False


def _without_results(jobs: list[Job]) -> list[Job]:
    """Leave out images that another job writes, in whatever format."""
    writers = defaultdict(set)
    for job in jobs:
        for path in (job.target, job.comparison):
            writers[_stem(path)].add(job.source)
    return [job for job in jobs if not writers[_stem(job.source)] - {job.source}]


def _stem(path: Path) -> str:
    return os.path.splitext(os.path.realpath(path))[0]  # noqa: PTH122 - does not raise for links in circles


def _distinct(jobs: list[Job]) -> list[Job]:
    """Refuse all but one of the jobs with one target."""
    winners: dict[str, Job] = {}
    for job in jobs:
        target = os.path.realpath(job.target)
        if target not in winners or _keeps_suffix(job) > _keeps_suffix(winners[target]):
            winners[target] = job
    return [
        job if (winner := winners[os.path.realpath(job.target)]) is job else _refused(job, winner)
        for job in jobs
    ]


def _keeps_suffix(job: Job) -> bool:
    return job.source.suffix.lower() == job.target.suffix.lower()


def _refused(job: Job, winner: Job) -> Job:
    words = f"{job.source}: would be written to {job.target}, as {winner.source} is; restore it by itself, with another output"
    return replace(job, refusal=words)
