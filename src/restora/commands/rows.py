"""Lists that a command prints: a table for people, lines for pipes, objects for other programs."""

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def print_table(table: Table, console: Console | None = None) -> None:
    """Print a table: as wide as the terminal, and where there is none plain, whole and one line a row.

    Args:
        table: What to print; no cell loses a letter.
        console: Where it goes; the standard output by default.
    """
    console = console or Console()
    for column in table.columns:
        column.overflow = "fold"
    if console.is_terminal:
        console.print(table)
        return
    table.box, table.padding, table.show_lines = None, (0, 2, 0, 0), False
    title, caption, table.title, table.caption = table.title, table.caption, None, None
    for column in table.columns:
        column.no_wrap = True
    lines = console.render_lines(table, console.options.update(width=1_000_000), pad=False)
    rows = [escape("".join(part.text for part in line).rstrip()) for line in lines]
    for line in (title, *rows, caption):
        if line:
            console.print(line, soft_wrap=True, highlight=False)


def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Print rows of the same keys, numbers flush right.

    Args:
        rows: At least one.
        as_json: Whether other programs are to read them.
    """
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table()
    for name, value in rows[0].items():
        table.add_column(name, justify="right" if isinstance(value, int) else "left")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()))
    print_table(table)
