"""``restora protocols``: the ways in which papers score."""

import json

from rich.table import Table

from restora.commands.options import AsJson
from restora.commands.rows import print_table
from restora.metrics import PROTOCOLS

EPILOG = """
Examples:

  restora protocols

  restora protocols | grep SSIM  [dim]in a pipe: a line for each[/dim]
"""


def protocols(
    as_json: AsJson = False,
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
    print_table(table)
