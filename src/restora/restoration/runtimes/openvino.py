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
    """Import OpenVINO so that neither it nor NNCF tells its makers of each use, over the network, and no output is closed.

    It imports absl's logging where that is installed, as with TensorBoard. The handler of absl keeps the standard error of that
    moment and closes it, if it is no longer that of the process, when somebody sets up logging: uvicorn, Gradio, Django.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # they do without where it is missing
    others = "absl.logging" in sys.modules  # which then is left as it is
    openvino = import_module("openvino")
    if not others and (absl := sys.modules.get("absl.logging")):
        absl.get_absl_handler().python_handler.stream = sys.__stderr__  # the one that it never closes
    return openvino


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
