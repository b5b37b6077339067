"""``restora inspect``: what is in a file of weights, or what a hub says of it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from restora.checkpoints import fetch_card, inspect_state_dict, read_tensors
from restora.checkpoints.hub import is_hub_id
from restora.checkpoints.loading import find_weights
from restora.checkpoints.published import PUBLISHED
from restora.commands.lines import print_line
from restora.commands.options import AsJson
from restora.commands.rows import print_table
from restora.commands.weights import card_table
from restora.errors import RestoraError

EPILOG = """
Examples:

  restora inspect Best.pkl

  restora inspect mine.safetensors --json

  restora inspect somebody/denoiser      [dim]the card on the hub; the weights are not fetched[/dim]
"""


def inspect(
    source: Annotated[
        str,
        typer.Argument(
            help="A checkpoint (.pth, .pt, .pkl, .ckpt or .safetensors), a folder with one, a name of 'restora weights', or a hub id, OWNER/NAME."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Tell architecture, variant, parameters and precision of a file of weights, and the keys that do not fit."""
    if is_hub_id(source) and source not in PUBLISHED:
        card = fetch_card(source)
        print(card.model_dump_json(indent=2)) if as_json else print_table(card_table(card))
        return
    file = Path(source) if Path(source).is_file() else find_weights(source)
    tensors = read_tensors(file)
    try:
        found = inspect_state_dict(tensors)
    except RestoraError as error:
        raise RestoraError(f"{file}: {error}") from error
    if as_json:
        print(json.dumps(asdict(found), indent=2))
    else:
        print_line(f"{file}: {found}")
        for name, value in asdict(found.config).items():
            print(f"  {name}: {value}")
        for words, keys in (("missing", found.missing), ("left over", found.left_over)):
            for key in keys:
                print(f"{words}: {key}")
    if not found.fits:
        raise typer.Exit(1)
