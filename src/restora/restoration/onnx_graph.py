"""The graph of a network in ONNX, which every runtime here reads."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from restora.atomic import write_file
from restora.errors import RestoraError
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
        write_file(file, traced(network, side, side))
    return file


def traced(network: RestorationNetwork, height: int, width: int, *, dynamic: bool = False) -> bytes:
    """Trace a network and return its graph, from ``image`` (1, C, H, W) to ``restored`` (1, 3, H, W).

    Args:
        network: The network, folded, in evaluation mode, on the CPU.
        height: Of the image in pixels.
        width: Likewise.
        dynamic: For images of any size that the network takes, not only this one.

    Raises:
        RestoraError: The graph depends on the size.
    """
    from onnxscript.optimizer import fold_constants

    needs = network.requirements
    image = torch.rand(1, needs.in_channels, height, width)
    shapes = None
    if dynamic:
        units = (
            torch.export.Dim(name, min=-(-needs.min_size // needs.multiple)) for name in ("rows", "columns")
        )
        shapes = ({axis: needs.multiple * unit for axis, unit in enumerate(units, 2)},)
    # An engine in half precision runs under autocast, which must not become part of the graph.
    with quiet_exporters(), torch.no_grad(), torch.autocast("cpu", enabled=False):
        try:
            exported = torch.export.export(network, (image,), dynamic_shapes=shapes)
        except Exception as problem:
            if not dynamic:
                raise
            raise RestoraError(
                f"the graph of {type(network).__name__} is another one for each size; export it without --dynamic"
            ) from problem
        program = torch.onnx.export(
            exported,
            (),
            input_names=["image"],
            output_names=["restored"],
            opset_version=OPSET,
            dynamo=True,
            optimize=False,
            verbose=False,
        )
        assert program is not None
        # Runtimes simplify the graph themselves; torch's own passes take minutes for a large one. Only its sequences
        # have to go, which OpenVINO cannot read.
        fold_constants(program.model)
    model = program.model_proto
    for part in (
        model,
        model.graph,
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
    ):
        del part.metadata_props[:]  # where in which file of this machine each operation stands
    serialized: bytes = model.SerializeToString()
    return serialized


@contextmanager
def quiet_exporters() -> Iterator[None]:
    """Silence what exporters say about packages and arguments that nobody asked for."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
