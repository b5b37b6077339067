"""Progress bars, on a terminal alone."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from restora.errors import printable, shortened
from restora.restoration import Job, Result


def counting_bar(console: Console, *, transient: bool = False, shown: bool = True) -> Progress:
    """Return a bar of what is done, of how many, with the time left; its tasks have a field ``facts``.

    Args:
        console: Where it goes; invisible where that is no terminal.
        transient: Whether it disappears at the end.
        shown: Whether to show it at all.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[facts]}"),
    )
    return Progress(
        *columns, console=console, disable=not (shown and console.is_terminal), transient=transient
    )


class FilesProgress:
    """A bar with files done, megapixels per second and time left; invisible where there is no terminal.

    The bar's length is bytes of files, known before a file is opened, and near enough to the work it makes.

    Args:
        jobs: What will be done.
        console: Where the bar goes.
    """

    def __init__(self, jobs: Sequence[Job], console: Console) -> None:

        self._bytes = {job.source: _size(job) for job in jobs}
        self._finished_bytes = self._files = 0
        self._megapixels = self._started_megapixels = 0.0
        columns = (
            TextColumn("{task.description}", markup=False),  # names of files
            BarColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("restoring", total=sum(self._bytes.values()), facts="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def report(self, job: Job, done: float, megapixels: float) -> None:
        """Show that ``done`` of a file's ``megapixels`` are finished."""
        self._started_megapixels = done
        self._show(self._bytes[job.source] * done / megapixels, job.source.name)

    def finish(self, result: Result) -> None:
        """Show that a file is done with."""
        self._files += 1
        self._finished_bytes += self._bytes[result.source]
        self._megapixels += result.megapixels
        self._started_megapixels = 0.0
        self._show(0, result.source.name)

    def _show(self, begun_bytes: float, name: str) -> None:
        elapsed = self._bar.tasks[0].elapsed or 0.0
        speed = (self._megapixels + self._started_megapixels) / elapsed if elapsed > 0 else 0.0
        self._bar.update(
            self._task,
            completed=self._finished_bytes + begun_bytes,
            description=printable(shortened(name, 30)),
            facts=f"{self._files}/{len(self._bytes)} files, {speed:.2f} MP/s",
        )


def _size(job: Job) -> int:
    try:
        return max(1, job.source.stat().st_size)
    except OSError:
        return 1  # it will be reported when its turn comes
