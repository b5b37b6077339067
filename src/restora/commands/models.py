"""``restora models``: the networks there are."""

import json

from rich.console import Console
from rich.table import Table

from restora.commands.options import AsJson
from restora.networks import create_model
from restora.networks.registry import ARCHITECTURES


def models(
    as_json: AsJson = False,
) -> None:
    """List the networks, their variants, sizes and papers."""
    rows = [
        {
            "architecture": arch.name,
            "variant": variant,
            "parameters": sum(p.numel() for p in create_model(arch.name, variant).parameters()),
            "paper": arch.paper,
        }
        for arch in ARCHITECTURES.values()
        for variant in arch.variants
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return

    table = Table("architecture", "variant", "parameters", "paper")
    table.columns[2].justify = "right"
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()))
    Console().print(table)
