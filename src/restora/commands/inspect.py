"""``restora inspect``: what is in a file of weights."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from restora.checkpoints import inspect_state_dict, read_tensors
from restora.commands.lines import print_line
from restora.commands.options import AsJson
from restora.errors import RestoraError

EPILOG = """
Examples:

  restora inspect Best.pkl

  restora inspect mine.safetensors --json
"""


def inspect(
    file: Annotated[Path, typer.Argument(help="A checkpoint: .pth, .pt, .pkl, .ckpt or .safetensors.")],
    as_json: AsJson = False,
) -> None:
    """Tell architecture, variant, parameters and precision of a file of weights, and the keys that do not fit."""
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
