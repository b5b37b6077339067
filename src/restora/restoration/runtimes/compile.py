"""Inductor: torch compiles the network with the compiler of this machine."""

import os
from pathlib import Path

import torch
from torch import Tensor

from restora.networks.contract import RestorationNetwork
from restora.restoration.runtimes.runtime import Runtime


class Compile(Runtime):
    """A network compiled by `torch.compile`, whose code is kept beside the folder; see `Runtime`.

    Tracing it again takes seconds in every process, compiling it minutes in the first one.
    """

    packages = ("torch",)
    extra = ""  # torch is always there; the compiler of C++ is the system's
    precisions = ("float32", "bfloat16")

    def __init__(
        self, network: RestorationNetwork, side: int, *, precision: str, threads: int, folder: Path
    ) -> None:
        # One for all networks: Inductor tells them apart by their code, and reads the variable once.
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder.parent / "inductor"))
        self._dtype = getattr(torch, precision)
        self._run = torch.compile(network, dynamic=False)

    def __call__(self, x: Tensor) -> Tensor:
        """Run the network."""
        with torch.autocast("cpu", self._dtype, enabled=self._dtype != torch.float32):
            answer: Tensor = self._run(x)
        return answer.float()
