"""What a runtime is."""

from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from torch import Tensor

from restora.networks.contract import RestorationNetwork


class Runtime(ABC):
    """A network of one size on a processor: (1, C, side, side) to (1, 3, side, side), both float32.

    Attributes:
        packages: What must be importable.
        extra: Extra of restora that installs it.
        precisions: In which it can compute, the exact one first.

    Args:
        network: The network, folded and in evaluation mode.
        side: Height and width in pixels.
        precision: One of ``precisions``.
        threads: How many compute.
        folder: What was made before for this network and this size, and is made now, lies there.
    """

    packages: ClassVar[tuple[str, ...]]
    extra: ClassVar[str]
    precisions: ClassVar[tuple[str, ...]] = ("float32",)

    @abstractmethod
    def __init__(
        self, network: RestorationNetwork, side: int, *, precision: str, threads: int, folder: Path
    ) -> None:
        """Load what the folder holds, or make it first."""

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """Run the network."""

    @classmethod
    def installed(cls) -> bool:
        """Tell whether its packages are there; imports none of them."""
        return all(find_spec(package) for package in cls.packages)
