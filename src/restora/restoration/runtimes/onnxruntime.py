"""ONNX Runtime on a processor, in float32."""

from pathlib import Path

import torch
from torch import Tensor

from restora.networks.contract import RestorationNetwork
from restora.restoration.onnx_graph import GRAPH_PACKAGES, onnx_graph
from restora.restoration.runtimes.runtime import Runtime


class OnnxRuntime(Runtime):
    """A session of ONNX Runtime; see `Runtime`."""

    packages = ("onnxruntime", *GRAPH_PACKAGES)
    extra = "onnx"

    def __init__(
        self, network: RestorationNetwork, side: int, *, precision: str, threads: int, folder: Path
    ) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors; it warns of constants that it folds
        self._session = onnxruntime.InferenceSession(
            onnx_graph(network, side, folder), options, providers=["CPUExecutionProvider"]
        )
        self._name = self._session.get_inputs()[0].name

    def __call__(self, x: Tensor) -> Tensor:
        """Run the network."""
        (answer,) = self._session.run(None, {self._name: x.contiguous().numpy()})
        return torch.from_numpy(answer)
