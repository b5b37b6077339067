"""What a command is to work on, beside the names on its line: lists of names, and folders that fill while it waits."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import TypeVar

import typer
from rich.console import Console

from restora.commands.lines import tell_failure
from restora.errors import RestoraError
from restora.failures import failure
from restora.restoration import Job, gather

STREAM = Path("-")
"""Stands for the standard input and output."""
Answer = TypeVar("Answer")
REST = 2.0
"""Seconds for which a file must not have grown or changed to be taken for whole."""


def listed_names(file: Path, *, null: bool) -> list[str]:
    """Read names of files, one a line, or each ended by a zero byte, as ``find -print0`` writes them.

    Args:
        file: The list, or ``-`` for the standard input.
        null: Whether zero bytes end the names, which may then hold line breaks.

    Raises:
        RestoraError: It cannot be read.
    """
    try:
        content = sys.stdin.buffer.read() if file == STREAM else file.read_bytes()
    except OSError as error:
        raise RestoraError(
            f"{file}: cannot be read ({error.strerror}); name a list of files, or -"
        ) from error
    names = content.split(b"\0") if null else content.splitlines()
    return [os.fsdecode(name) for name in names if name]


def answers(
    inputs: list[Path], ask: Callable[[Path], Answer], console: Console, *, recursive: bool
) -> Iterator[tuple[Path, Answer]]:
    """Ask something of each image; one that fails, whatever it is of, does not end it and is named at the end.

    Args:
        inputs: Files, folders and patterns.
        ask: Takes a file.
        console: For what failed.
        recursive: Whether to look into the folders below.

    Yields:
        A file, and the answer.

    Raises:
        typer.Exit: Files failed, after the last one.
    """
    images, failed = gather(inputs, recursive=recursive)
    errors = [result.error or "" for result in failed]
    for image in images:
        try:
            answer = ask(image.path)
        except Exception as error:  # whatever it is, the other files are to be asked
            errors.append(failure(error, image.path))
            continue
        yield image.path, answer
    for words in errors:
        tell_failure(console, words)
    if errors:
        raise typer.Exit(1)


class Arrivals:
    """Files as they arrive in folders, each once, when it has stayed the same for `REST` seconds.

    A file that is changed later comes again.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}
        self._given: dict[Path, tuple[int, int]] = {}

    def ready(self, jobs: Iterable[Job]) -> list[Job]:
        """Return those of the jobs whose photographs are there, whole and new."""
        now, ready = monotonic(), []
        for job in jobs:
            try:
                status = job.source.stat()
            except OSError:  # it is gone again
                continue
            state = status.st_size, status.st_mtime_ns
            before, since = self._seen.get(job.source, (None, now))
            if before != state:
                self._seen[job.source] = state, now
            elif status.st_size and now - since >= REST and self._given.get(job.source) != state:
                self._given[job.source] = state
                ready.append(job)
        return ready
