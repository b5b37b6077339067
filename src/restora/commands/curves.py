"""``restora curves``: scores against the level of noise."""

from pathlib import Path
from typing import Annotated

import typer

from restora.commands.options import Overwrite
from restora.errors import RestoraError
from restora.evaluation.curves import chart, write_curves
from restora.evaluation.record import read_json

EPILOG = """
Examples:

  restora curves cbsd68-*.json -o curves.svg

  restora curves bm3d-15.json bm3d-50.json ours-15.json ours-50.json --metric ssim -o curves.pdf

A line a method. All records must be of the same benchmark, protocol and images.
"""


def curves(
    records: Annotated[
        list[Path],
        typer.Argument(metavar="RECORD...", help="JSON files of 'restora evaluate'.", show_default=False),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="SVG, PDF or PNG.", show_default=False)],
    metric: Annotated[
        str | None, typer.Option(help="What to draw, such as ssim; else the protocol's first.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Draw the mean score of methods against the level of noise, from records of evaluations."""
    if output.exists() and not overwrite:
        raise RestoraError(f"{output}: exists already; choose another name, or --overwrite")
    typer.echo(write_curves(output, chart([read_json(record) for record in records], metric)))
