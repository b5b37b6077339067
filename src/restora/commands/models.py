"""``restora models``: the networks there are."""

from restora.commands.options import AsJson
from restora.commands.rows import print_rows
from restora.networks import create_model
from restora.networks.registry import ARCHITECTURES

EPILOG = """
Examples:

  restora models

  restora models --json  [dim]for other programs[/dim]
"""


def models(as_json: AsJson = False) -> None:
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
    print_rows(rows, as_json=as_json)
