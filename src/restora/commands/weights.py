"""``restora weights``: the weights that come with restora, and those that the papers' authors publish."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from restora.checkpoints import WeightsCard, list_weights
from restora.checkpoints.published import PUBLISHED, PublishedWeights
from restora.checkpoints.tasks import TASKS
from restora.commands.rows import print_table

EPILOG = """
Examples:

  restora weights

  restora weights --published     [dim]those that --weights fetches by name[/dim]

  restora weights | grep defocus
"""


def weights(
    published: Annotated[
        bool, typer.Option("--published", help="Only the weights that the papers' authors publish.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the complete cards, for other programs.")
    ] = False,
) -> None:
    """List the weights: in the package and of the papers' authors, with what they do and how well they score."""
    cards, authors = [] if published else list_weights(), list(PUBLISHED.values())
    if as_json:
        listed = [asdict(one) for one in authors] if published else [card.model_dump() for card in cards]
        print(json.dumps(listed, indent=2))
        return
    console = Console()
    for card in cards:
        print_table(card_table(card), console)
        console.print()
    print_table(_published_table(authors), console)
    missing = [name for name in TASKS if name not in {card.task for card in cards}]
    if missing and not published:
        console.print(f"\ntasks without weights in the package so far: {', '.join(missing)}", markup=False)


def card_table(card: WeightsCard) -> Table:
    """Lay out what a card says, for `print_table`."""
    table = Table(show_header=False, title=card.name, title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_row("task", card.task)
    table.add_row("network", f"{card.architecture} {card.variant}, {card.parameters:,} parameters")
    table.add_row("about", card.description)
    steps = f"{card.date}, {card.steps:,} steps of {card.recipe}; " if card.steps is not None else ""
    table.add_row("trained", f"{steps}data: {card.data}" if card.data == "unknown" else f"{steps}{card.data}")
    table.add_row("licence", card.licence)
    for score in card.scores:
        table.add_row(
            "score", f"{score.psnr:.2f} dB PSNR, {score.benchmark} {score.setting} ({score.protocol})"
        )
    return table


def _published_table(authors: list[PublishedWeights]) -> Table:
    table = Table(
        "--weights", "task", "score, as its authors print it", "MB", "where",
        title="of the papers' authors: fetched by name once, or brought by you as a FILE",
        title_justify="left", box=None, padding=(0, 2, 0, 0),
    )  # fmt: skip
    for one in authors:
        size = f"{one.file.size / 1e6:.0f}" if one.file else ""
        name = one.name if one.file else "FILE"
        table.add_row(name, one.task, one.score, size, f"{one.place}{'; ' if one.remark else ''}{one.remark}")
    return table
