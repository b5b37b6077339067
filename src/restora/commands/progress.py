"""Progress bars, on a terminal alone."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from restora.errors import printable, shortened
from restora.progress import ProgressMeter, duration
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
    """A bar that moves with every tile, with files done, megapixels a second and time left from the second tile on.

    Until the first tile is there (engines are compiled and measured before it) the bar runs to and fro and says so. Its length is bytes
    of files, known before a file is opened, and near enough to the work it makes; what was there already is not counted.

    Args:
        jobs: What will be done.
        console: Where the bar goes; invisible where that is no terminal.
    """

    def __init__(self, jobs: Sequence[Job], console: Console) -> None:
        self._bytes = {job.source: _size(job) for job in jobs}
        self._total, self._done, self._files = sum(self._bytes.values()), 0.0, 0
        self._megapixels = 0.0
        self._finished: dict[Path, tuple[float, float]] = {}  # share and megapixels
        self._meter = ProgressMeter(self._total)
        columns = (
            TextColumn("{task.description}", markup=False),  # names of files
            BarColumn(None),
            TextColumn("{task.fields[facts]}", markup=False),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal, expand=True)
        self._task = self._bar.add_task(
            _shown(jobs[0].source) if jobs else "", total=None, facts="preparing the network"
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def report(self, job: Job, done: float, megapixels: float) -> None:
        """Show that ``done`` of a file's ``megapixels`` are finished."""
        self._advance(job.source, done / megapixels, done)

    def finish(self, result: Result) -> None:
        """Show that a file is done with; the next one may have been begun already."""
        self._files += 1
        if result.status == "restored":
            self._advance(result.source, 1.0, result.megapixels)
        elif result.source not in self._finished:  # no work
            self._total -= self._bytes[result.source]

    def _advance(self, source: Path, share: float, megapixels: float) -> None:
        before = self._finished.get(source, (0.0, 0.0))
        self._finished[source] = share, megapixels
        self._done += (share - before[0]) * self._bytes[source]
        self._megapixels += megapixels - before[1]
        self._meter.total = self._total
        pace = self._meter.report(self._done / self._total)
        words = [f"{self._files}/{len(self._bytes)} files"] if len(self._bytes) > 1 else []
        if pace.rate is not None and pace.seconds_left is not None:
            rate = pace.rate * self._megapixels / self._done
            words += [f"{rate:.2f} MP/s, {duration(pace.seconds_left)} left"]
        self._bar.update(
            self._task,
            completed=self._done,
            total=self._total,
            description=_shown(source),
            facts=", ".join(words),
        )


def _shown(source: Path) -> str:
    return printable(shortened(source.name, 24))


def _size(job: Job) -> int:
    try:
        return max(1, job.source.stat().st_size)
    except OSError:
        return 1  # it will be reported when its turn comes
