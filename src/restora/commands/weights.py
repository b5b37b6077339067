"""``restora weights``: the weights that come with restora."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from restora.checkpoints import list_weights


def weights(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the complete cards, for other programs.")
    ] = False,
) -> None:
    """List the weights in the package: what they do, how large they are, how well they score."""
    cards = list_weights()
    if as_json:
        print(json.dumps([card.model_dump() for card in cards], indent=2))
        return

    console = Console()
    for card in cards:
        table = Table(
            show_header=False, title=card.name, title_justify="left", box=None, padding=(0, 2, 0, 0)
        )
        table.add_row("task", card.task)
        table.add_row("network", f"{card.architecture} {card.variant}, {card.parameters:,} parameters")
        table.add_row("about", card.description)
        table.add_row("trained", f"{card.date}, {card.steps:,} steps of {card.recipe}; {card.data}")
        table.add_row("licence", card.licence)
        for score in card.scores:
            table.add_row(
                "score", f"{score.psnr:.2f} dB PSNR, {score.benchmark} {score.setting} ({score.protocol})"
            )
        console.print(table)
        console.print()
