"""OpenVINO: float32, and bfloat16 where the processor computes in it."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from restora.networks.contract import RestorationNetwork
from restora.restoration.onnx_graph import GRAPH_PACKAGES, onnx_graph
from restora.restoration.runtimes.runtime import Runtime


def import_openvino() -> Any:
    """Import OpenVINO so that neither it nor NNCF tells its makers of each use, over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # they do without where it is missing
    return import_module("openvino")


class OpenVINO(Runtime):
    """A network compiled by OpenVINO, which keeps what it compiled in the folder; see `Runtime`."""

    packages = ("openvino", *GRAPH_PACKAGES)
    extra = "openvino"
    precisions = ("float32", "bfloat16")

    def __init__(
        self, network: RestorationNetwork, side: int, *, precision: str, threads: int, folder: Path
    ) -> None:
        openvino = import_openvino()

        settings = {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "CACHE_DIR": str(folder / "openvino"),
        }
        core = openvino.Core()
        self._request = core.compile_model(
            onnx_graph(network, side, folder), "CPU", settings
        ).create_infer_request()

    def __call__(self, x: Tensor) -> Tensor:
        """Run the network."""
        return torch.from_numpy(self._request.infer([x.contiguous().numpy()], share_inputs=True)[0])
