"""Lists that a command prints: a table for people, objects for other programs."""

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table


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
    Console().print(table)
