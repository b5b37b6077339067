"""``restora explain``: what a network looks at."""

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from restora.checkpoints import load_model
from restora.commands.options import Overwrite
from restora.errors import RestoraError
from restora.evaluation.knn_groups_drawing import draw_knn_groups
from restora.explanation import (
    channel_weights,
    draw_channel_weights,
    draw_positions,
    draw_receptive_field,
    receptive_field,
    sampled_positions,
)
from restora.images import Photograph, read, write
from restora.images.writing import check_target
from restora.networks import RestorationNetwork, create_model, knn_groups
from restora.networks.kit import KiT
from restora.pixels import gray_to_rgb, to_uint8

EPILOG = """
Examples:

  restora explain receptive-field photo.jpg --weights dehaze-chair-tiny --at 200,150 -o field.png

  restora explain neighbours photo.jpg --weights denoise-real-kit-tiny --at 40,60 --at 200,30 -o neighbours.png

  restora explain offsets photo.jpg --weights Best.pkl -o offsets.png

  restora explain channels photo.jpg --weights dehaze-chair-tiny -o channels.png

Networks without weights: --model dinat_ir/base. Without --at, the middle of the picture is looked at.
"""
LARGEST = 512
"""Side in pixels of the part of the picture that is run through the network, around the first point."""

What = Literal["receptive-field", "neighbours", "offsets", "channels"]


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
    part, points = _around(whole, points)
    write(output, Photograph(_drawing(what, network.eval(), part, points)), overwrite=overwrite)
    print(output)


def _drawing(
    what: What, network: RestorationNetwork, image: NDArray[np.uint8], points: list[tuple[int, int]]
) -> NDArray[np.uint8]:
    match what:
        case "receptive-field":
            fields = [
                draw_receptive_field(image, receptive_field(network, image, point), point) for point in points
            ]
            return np.vstack(fields)
        case "neighbours":
            if not isinstance(network, KiT):
                raise RestoraError("neighbours are looked up by KiT alone; take weights of a KiT")
            groups = knn_groups(network, image)
            return draw_knn_groups(image, groups, [groups.patch_at(x, y) for x, y in points], look_back=True)
        case "offsets":
            return draw_positions(image, points, sampled_positions(network, image, points))
        case "channels":
            return draw_channel_weights(channel_weights(network, image))


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


def _around(
    image: NDArray[np.uint8], points: list[tuple[int, int]]
) -> tuple[NDArray[np.uint8], list[tuple[int, int]]]:
    """Cut a large picture around the first point; points outside of the part are left out."""
    height, width = image.shape[:2]
    left, top = (
        max(0, min(p - LARGEST // 2, side - LARGEST))
        for p, side in zip(points[0], (width, height), strict=True)
    )
    part = image[top : top + LARGEST, left : left + LARGEST]
    inside = [(x - left, y - top) for x, y in points]
    return part, [(x, y) for x, y in inside if 0 <= x < part.shape[1] and 0 <= y < part.shape[0]]
