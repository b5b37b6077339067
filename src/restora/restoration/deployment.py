"""Export of a network to other runtimes, with a card, checked where restora is not."""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from restora import __version__
from restora.atomic import write_file
from restora.errors import RestoraError
from restora.networks.contract import RestorationNetwork
from restora.restoration import exported_run
from restora.restoration.measuring import LARGEST_ERROR, LARGEST_LOSS, psnr, trial_picture
from restora.restoration.onnx_graph import GRAPH_PACKAGES, OPSET, traced
from restora.restoration.runtimes import runtime_class
from restora.restoration.runtimes.openvino import import_openvino
from restora.restoration.tiling import check_tile

FORMATS = {"onnx": ("onnxruntime", ".onnx"), "openvino": ("openvino", ".xml")}
"""Formats -> the engine that the check runs it in, and the suffix."""
PRECISIONS = ("float32", "float16", "int8")
"""How values are stored; float16 is computed in float32 or as the runtime is told."""
INT8_LOSS = 0.1
"""Decibels that integers of 8 bits may cost."""
CONTENT_PICTURES = 4
"""Pictures for the check of a network that matches content, of which one must agree: where values differ in their last bits, a patch
may get into another bucket of the hash, which moves all patches after it, so such a network differs from itself."""


def export_model(
    network: RestorationNetwork,
    name: str,
    folder: Path,
    *,
    file_format: str,
    precision: str = "float32",
    side: int | None = None,
    dynamic: bool = False,
    calibration: Sequence[NDArray[np.float32]] = (),
) -> list[Path]:
    """Write a network for another runtime, with a card beside it, after it was run in a process without restora.

    Args:
        network: With its weights.
        name: Of the files.
        folder: Where they go.
        file_format: One of `FORMATS`.
        precision: One of `PRECISIONS`; int8 for OpenVINO only.
        side: Height and width of the image in pixels; the tile of engines by default.
        dynamic: For images of any size that the network takes.
        calibration: For int8, images as the network will see them, (1, C, side, side) in [0, 1].

    Returns:
        The card and the files of the model.

    Raises:
        RestoraError: Unknown format or precision, an impossible size, missing packages, a graph that depends on the
            size, or a model that does not give the same numbers; then nothing is written.
    """
    if file_format not in FORMATS:
        raise RestoraError(f"unknown format {file_format!r}; there are: {', '.join(FORMATS)}")
    if precision not in PRECISIONS or (precision == "int8" and file_format != "openvino"):
        raise RestoraError(
            f"precision {precision!r} is not known for {file_format}; there are: float32, float16, and int8 for openvino"
        )
    if precision == "int8" and not calibration:
        raise RestoraError("int8 needs photographs to calibrate it; name a folder of them with --calibration")
    engine, suffix = FORMATS[file_format]
    if not runtime_class(engine).installed():
        extra = runtime_class(engine).extra
        raise RestoraError(
            f"format {file_format} needs {engine} and {', '.join(GRAPH_PACKAGES)}; pip install 'restora[{extra}]'"
        )
    needs = network.requirements
    side = needs.engine_side if side is None else side
    check_tile(side, 0, multiple=needs.multiple, min_size=needs.min_size)
    folded = network.fold().float().eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / f"{name}{suffix}"
        graph = traced(folded, side, side, dynamic=dynamic)
        if file_format == "onnx":
            made.write_bytes(_halved(graph) if precision == "float16" else graph)
        else:
            write_openvino(graph, made, precision, calibration)
        pictures = [
            trial_picture(side, needs.in_channels, seed)
            for seed in range(CONTENT_PICTURES if needs.matches_content else 1)
        ]
        if dynamic:
            pictures.append(tuple(x[..., : side - needs.multiple] for x in pictures[0]))  # type: ignore[arg-type]
        error, loss = _checked(folded, made, pictures, precision)
        card = {
            "file": made.name,
            "format": file_format,
            "precision": precision,
            "input": {
                "name": "image",
                "shape": [
                    1,
                    needs.in_channels,
                    *([f"multiple of {needs.multiple}"] * 2 if dynamic else [side] * 2),
                ],
                "layout": "RGB in [0, 1], float32"
                if needs.in_channels == 3
                else "RGB of both views in [0, 1], float32",
            },
            "output": {"name": "restored", "layout": "RGB, float32, to be clipped to [0, 1]"},
            "opset": OPSET,
            "largest_difference": error,
            "loss_db": loss,
            "restora": __version__,
            "torch": torch.__version__,
            "sha256": hashlib.sha256(made.read_bytes()).hexdigest(),
            "weights": network.card and network.card.model_dump(mode="json"),
        }
        files = [made, *([made.with_suffix(".bin")] if file_format == "openvino" else [])]
        written = [write_file(folder / file.name, file.read_bytes()) for file in files]
    return [write_file(folder / f"{made.name}.json", json.dumps(card, indent=1) + "\n"), *written]


def _checked(
    network: RestorationNetwork, model: Path, pictures: list[tuple[Tensor, Tensor]], precision: str
) -> tuple[float, float]:
    """Run the model in a process of its own and compare it with torch: largest difference of 1, and loss in dB."""
    inputs, outputs = model.with_name("inputs.npz"), model.with_name("outputs.npz")
    arrays: dict[str, Any] = {
        f"picture{i}": noisy.contiguous().numpy() for i, (noisy, _) in enumerate(pictures)
    }
    np.savez(inputs, **arrays)
    command = [sys.executable, "-I", str(exported_run.__file__), str(model), str(inputs), str(outputs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RestoraError(f"{model.name}: does not run: {' '.join(done.stderr.split())[-300:]}")
    errors, loss = [], 0.0
    with np.load(outputs) as answers, torch.inference_mode():
        for i, (noisy, clean) in enumerate(pictures):
            answer, expected = torch.from_numpy(answers[f"picture{i}"]), network(noisy)
            errors.append(float((answer - expected).abs().max()))
            loss = max(loss, psnr(expected, clean) - psnr(answer, clean))
    error = min(errors) if network.requirements.matches_content else max(errors)
    largest = {"float32": LARGEST_ERROR["float32"], "float16": LARGEST_ERROR["bfloat16"]}.get(precision, 1.0)
    dearest = INT8_LOSS if precision == "int8" else LARGEST_LOSS
    if not (error <= largest and loss <= dearest):
        raise RestoraError(
            f"{model.name}: differs from torch by {error:.1e} of 1 and costs {loss:.3f} dB, of which"
            f" {largest:.1e} and {dearest} are allowed in {precision}; nothing is written, choose another precision"
        )
    return error, loss


def _halved(graph: bytes) -> bytes:
    """Store the weights of a graph in float16, with a cast behind each."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load_from_string(graph)
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            half = numpy_helper.from_array(
                numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}.half"
            )
            casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=onnx.TensorProto.FLOAT))
            tensor.CopyFrom(half)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
    stored: bytes = model.SerializeToString()
    return stored


def write_openvino(graph: bytes, file: Path, precision: str, calibration: Sequence[Any]) -> None:
    """Write a graph for OpenVINO: FILE.xml and FILE.bin.

    Args:
        graph: As `traced` returns it.
        file: Ends in ``.xml``.
        precision: One of `PRECISIONS`.
        calibration: Images for int8, (1, C, H, W) in [0, 1].

    Raises:
        RestoraError: int8 without NNCF.
    """
    openvino = import_openvino()
    core = openvino.Core()
    model = core.read_model(graph)
    if precision == "int8":
        try:
            import nncf
        except ImportError:
            raise RestoraError("int8 needs nncf; pip install nncf") from None
        model = nncf.quantize(
            model,
            nncf.Dataset(calibration),
            subset_size=len(calibration),
            preset=nncf.QuantizationPreset.MIXED,
        )
    openvino.save_model(model, file, compress_to_fp16=precision == "float16")
