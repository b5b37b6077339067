"""``restora explain``: what a network looks at."""

from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from numpy.typing import NDArray

from restora.checkpoints import load_model
from restora.commands.options import Overwrite
from restora.errors import RestoraError
from restora.explanation import What, drawn
from restora.images import Photograph, read, write
from restora.images.writing import check_target
from restora.networks import create_model
from restora.pixels import gray_to_rgb, to_uint8

EPILOG = """
Examples:

  restora explain receptive-field photo.jpg --weights dehaze-chair-tiny --at 200,150 -o field.png

  restora explain neighbours photo.jpg --weights denoise-real-kit-tiny --at 40,60 --at 200,30 -o neighbours.png

  restora explain offsets photo.jpg --weights Best.pkl -o offsets.png

  restora explain channels photo.jpg --weights dehaze-chair-tiny -o channels.png

Networks without weights: --model dinat_ir/base. Without --at, the middle of the picture is looked at.
"""


def explain(
    what: Annotated[What, typer.Argument(help="What to draw.", show_default=False)],
    picture: Annotated[Path, typer.Argument(help="Of any format.", show_default=False)],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="PNG or another format.", show_default=False)
    ],
    weights: Annotated[str | None, typer.Option(help="A name from 'restora weights', or a file.")] = None,
    model: Annotated[
        str | None, typer.Option(help="A network with fresh weights instead, such as dinat_ir/tiny.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(metavar="X,Y", help="Pixel to look at; repeat it for more.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Draw what a network looks at: receptive field, neighbours (KiT), offsets (DeRestormer), channels (ChaIR)."""
    if (weights is None) == (model is None):
        raise RestoraError("name one of --weights and --model: what is to be explained?")
    torch.manual_seed(0)  # fresh weights are the same every time
    network = load_model(weights) if weights is not None else create_model(*_named(str(model)))
    whole = to_uint8(gray_to_rgb(read(picture).upright().pixels))
    points = [_point(words, whole) for words in at or ()] or [(whole.shape[1] // 2, whole.shape[0] // 2)]
    check_target(output, Photograph(whole), overwrite=overwrite)
    write(output, Photograph(drawn(what, network.eval(), whole, points)), overwrite=overwrite)
    print(output)


def _named(model: str) -> tuple[str, str]:
    name, _, variant = model.partition("/")
    return name, variant or "base"


def _point(words: str, image: NDArray[Any]) -> tuple[int, int]:
    height, width = image.shape[:2]
    try:
        x, y = (int(word) for word in words.split(","))
    except ValueError:
        raise RestoraError(f"--at {words}: write a column and a row, such as 120,80") from None
    if not (0 <= x < width and 0 <= y < height):
        raise RestoraError(f"--at {words}: lies outside of the picture of {width} x {height} pixels")
    return x, y
