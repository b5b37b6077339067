"""``restora convert``: a checkpoint in, safetensors with a card out."""

from pathlib import Path
from typing import Annotated

import typer

from restora.checkpoints import convert_checkpoint

EPILOG = """
Examples:

  restora convert official.pth weights/ --name deblur-gopro --task deblur

  restora convert runs/mine/best.pt weights/
"""


def convert(
    file: Annotated[
        Path, typer.Argument(help="A checkpoint of one of the four networks, or best.pt of a run.")
    ],
    folder: Annotated[Path, typer.Argument(help="Where NAME.safetensors and NAME.json go.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the weights; that of the file by default.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="What they do: denoise, deblur, derain, ...; as the recipe says by default."),
    ] = None,
    licence: Annotated[str, typer.Option(help="Their licence, as their authors say.")] = "unknown",
    precision: Annotated[
        str | None, typer.Option(help="float32, float16 or bfloat16; as it is by default.")
    ] = None,
) -> None:
    """Convert a checkpoint to safetensors with a card, which load faster and cannot run code."""
    print(convert_checkpoint(file, folder, name=name, task=task, licence=licence, precision=precision))
