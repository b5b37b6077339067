"""Lines with names of files in them, on a terminal without what it would obey."""

import sys
from collections.abc import Iterable

from rich.console import Console

from restora.errors import printable


def tell(console: Console, words: object) -> None:
    """Print a line beside the results, without markup, `printable`."""
    console.print(printable(words), markup=False, emoji=False)


def failure_line(words: str, *, terminal: bool) -> str:
    """Say what failed in one line; on a terminal with its entry in the documentation, where `failure` knows one."""
    entry = getattr(words, "entry", "") if terminal else ""
    return f"restora: {words}" + (f" [{entry}]" if entry else "")


def tell_failure(console: Console, words: str) -> None:
    """Print what failed beside the results."""
    tell(console, failure_line(words, terminal=console.is_terminal))


def tell_outcome(
    console: Console, source: object, target: object, status: str, error: str | None, notes: Iterable[str]
) -> None:
    """Print beside the results what became of a photograph: why it failed, what is to be known, that it was there."""
    if error is not None:
        tell_failure(console, error)
    for note in notes:
        tell(console, f"{source}: {note}")
    if status == "skipped":
        tell(console, f"{target}: is there already, skipped; --overwrite restores it again")


def print_line(words: object) -> None:
    """Print a result: as it is for other programs, `printable` on a terminal."""
    print(printable(words) if sys.stdout.isatty() else words, flush=True)
