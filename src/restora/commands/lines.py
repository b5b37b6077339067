"""Lines with names of files in them, on a terminal without what it would obey."""

import sys

from rich.console import Console

from restora.errors import printable


def tell(console: Console, words: object) -> None:
    """Print a line beside the results, without markup, `printable`."""
    console.print(printable(words), markup=False)


def print_line(words: object) -> None:
    """Print a result: as it is for other programs, `printable` on a terminal."""
    print(printable(words) if sys.stdout.isatty() else words, flush=True)
