"""The graph of a network in ONNX, which every runtime here reads."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from restora.atomic import replacement
from restora.networks.contract import RestorationNetwork

GRAPH_PACKAGES = ("onnx", "onnxscript")
OPSET = 18
"""The version that torch's translations are written in; another one takes a pass of conversion."""


def onnx_graph(network: RestorationNetwork, side: int, folder: Path) -> Path:
    """Write the graph of a network of one size into a folder, unless it is there.

    Args:
        network: The network, folded, in evaluation mode, on the CPU.
        side: Height and width in pixels.
        folder: It exists.

    Returns:
        The file.
    """
    file = folder / "model.onnx"
    if not file.exists():
        example = torch.rand(1, network.requirements.in_channels, side, side)
        with quiet_exporters(), torch.no_grad():
            # Runtimes simplify the graph themselves; torch's own passes take minutes for a large one.
            program = torch.onnx.export(
                network,
                (example,),
                input_names=["image"],
                output_names=["restored"],
                opset_version=OPSET,
                dynamo=True,
                optimize=False,
                verbose=False,
            )
        assert program is not None
        with replacement(file) as stream:
            stream.write(program.model_proto.SerializeToString())
    return file


@contextmanager
def quiet_exporters() -> Iterator[None]:
    """Silence what exporters say about packages and arguments that nobody asked for."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
