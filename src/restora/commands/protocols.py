"""``restora protocols``: the ways in which papers score."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from restora.metrics import PROTOCOLS


def protocols(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of objects, for other programs.")
    ] = False,
) -> None:
    """List the protocols: what exactly is done to two images before which score is computed, and who prints it."""
    if as_json:
        rows = [
            {
                "name": protocol.name,
                "metrics": list(protocol.metrics),
                "description": protocol.description,
                "papers": protocol.papers,
            }
            for protocol in PROTOCOLS.values()
        ]
        print(json.dumps(rows, indent=2))
        return

    table = Table("name", "metrics", "what is done", "printed by", show_lines=True)
    for protocol in PROTOCOLS.values():
        table.add_row(protocol.name, ", ".join(protocol.metrics), protocol.description, protocol.papers)
    Console().print(table)
