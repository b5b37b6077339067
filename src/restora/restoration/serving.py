"""Networks that an engine other than eager torch runs, at one size, kept in the cache folder."""

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Self

import torch
from torch import Tensor

from restora.cache import cache_folder
from restora.networks import ARCHITECTURES
from restora.networks.contract import Requirements, RestorationNetwork
from restora.restoration.runtimes import runtime_class
from restora.restoration.runtimes.runtime import Runtime


def can_be_served(network: RestorationNetwork) -> bool:
    """Tell whether engines may run a network: one of the registry, whose code the cache can tell from other code."""
    return any(type(network) is architecture.network for architecture in ARCHITECTURES.values())


class ServedNetwork(RestorationNetwork):
    """A network that an engine runs, compiled for one size and one number of threads.

    It is compiled when it runs first, and again when torch is told another number of threads.

    Args:
        network: One that `can_be_served`; it is copied.
        engine: Name of a runtime that is installed.
        precision: One of the runtime's.
        side: Height and width of all inputs in pixels, as the network requires them.

    Attributes:
        eager: That torch does not run its operations one by one.
    """

    eager = False

    def __init__(self, network: RestorationNetwork, engine: str, precision: str, side: int) -> None:
        super().__init__()
        self.config, self.card = network.config, network.card
        self.engine, self.precision, self.side = engine, precision, side
        self.folder = served_folder(network, side)
        # A tuple hides it from torch: neither moved nor copied nor watched.
        self._folded = (network.fold().float().eval().requires_grad_(False),)
        self._runtime: tuple[int, Runtime] | None = None
        self._lock = Lock()  # a runtime keeps one request, and computes with all threads anyway

    @property
    def requirements(self) -> Requirements:
        """What the network requires, of one size: smaller images are padded to it."""
        return replace(self._folded[0].requirements, min_size=self.side)

    def forward(self, x: Tensor) -> Tensor:
        """Restore (B, C, side, side) -> (B, 3, side, side)."""
        with self._lock:
            return self._served(x, torch.get_num_threads())

    def _served(self, x: Tensor, threads: int) -> Tensor:
        if self._runtime is None or self._runtime[0] != threads:
            self.folder.mkdir(parents=True, exist_ok=True)
            runtime = runtime_class(self.engine)(
                self._folded[0], self.side, precision=self.precision, threads=threads, folder=self.folder
            )
            self._runtime = threads, runtime
        return torch.cat([self._runtime[1](image) for image in torch.split(x, 1)])

    def fold(self) -> Self:
        """Return the network itself, which is folded already."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self  # what an engine holds cannot be copied


def served_folder(network: RestorationNetwork, side: int) -> Path:
    """Return the folder of what engines make of a network of one size; its name changes with whatever changes the result.

    Args:
        network: One that `can_be_served`.
        side: Height and width in pixels.
    """
    digest = hashlib.sha256(f"{network!r} {network.config} {side} {torch.__version__} {_code()}".encode())
    for name, value in network.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().flatten().view(torch.uint8).numpy())
    return cache_folder() / "engines" / digest.hexdigest()[:24]


@cache
def _code() -> str:
    """Return a digest of the code of networks and layers, and of what makes graphs of them."""
    root = Path(__file__).parents[1]
    files = sorted(file for room in ("layers", "networks") for file in (root / room).glob("*.py"))
    files.append(root / "restoration/onnx_graph.py")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
