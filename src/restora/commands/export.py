"""``restora export``: weights in, a model for another runtime out."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from restora.checkpoints import load_model
from restora.errors import RestoraError
from restora.images import find_images, read
from restora.pixels import gray_to_rgb, to_float
from restora.restoration.deployment import export_model
from restora.restoration.tiling import padded_indices

EPILOG = """
Examples:

  restora export denoise-chair-tiny --format onnx

  restora export mine.safetensors --format openvino --precision float16 --dynamic -o models/

  restora export denoise-chair-tiny --format openvino --precision int8 --calibration noisy-photos/
"""


def export(
    weights: Annotated[str, typer.Argument(help="A name from 'restora weights', or a checkpoint.")],
    file_format: Annotated[str, typer.Option("--format", metavar="onnx|openvino", help="What is written.")],
    precision: Annotated[
        str, typer.Option(metavar="float32|float16|int8", help="How the weights are stored.")
    ] = "float32",
    side: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="PIXELS", help="Height and width of the image; that of tiles by default."
        ),
    ] = None,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="For images of any size; ChaIR and DeRestormer only.")
    ] = False,
    calibration: Annotated[
        Path | None, typer.Option(help="For int8: a folder of photographs such as will be restored.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder.")] = Path(),
) -> None:
    """Export weights for ONNX or OpenVINO, with a card, checked in a process that has neither restora nor torch."""
    network = load_model(weights)
    needs = network.requirements
    if calibration is not None and needs.in_channels != 3:
        raise RestoraError("int8 is calibrated for networks that take one view; choose another precision")
    name = network.card.name if network.card else Path(weights).stem
    crops = [] if calibration is None else crops_of(calibration, side or needs.engine_side)
    for file in export_model(
        network,
        name,
        output,
        file_format=file_format,
        precision=precision,
        side=side,
        dynamic=dynamic,
        calibration=crops,
    ):
        print(file)


def crops_of(folder: Path, side: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Cut the middle of each photograph in a folder: (1, 3, side, side), small ones are reflected."""
    crops = []
    for found in find_images([folder]):
        pixels = to_float(gray_to_rgb(read(found.path).pixels))
        top, left = (max(0, extent - side) // 2 for extent in pixels.shape[:2])
        rows, columns = (
            padded_indices(start, start + side, extent, max(extent, side))
            for start, extent in zip((top, left), pixels.shape[:2], strict=True)
        )
        crops.append(
            np.ascontiguousarray(pixels[rows[:, None], columns].transpose(2, 0, 1)[None], np.float32)
        )
    return crops
