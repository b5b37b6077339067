"""The choice of an engine and of a precision, made when an image is there."""

import logging
from collections.abc import Callable

import torch

from restora.errors import RestoraError
from restora.memory import free_memory
from restora.networks.contract import RestorationNetwork
from restora.restoration.engine import Engine, build_engine
from restora.restoration.measuring import Measurement, fastest, measure, measured, precisions_of
from restora.restoration.runtimes import check_engine, installed_runtimes
from restora.restoration.serving import ServedNetwork, can_be_served

logger = logging.getLogger(__name__)

MEASURED_FROM = 2**20
"""Pixels from which on an image is worth the seconds that engines take to be compiled and measured."""
ENGINE_MEMORY = 2 * 2**30
"""Bytes that must be free for ``"auto"`` to compile and measure engines; a compiler takes up to half of it."""
MOST_PADDING = 1.25
"""Pixels with padding by pixels without, up to which ``"auto"`` pads a small image to the tile of an engine."""


class EngineChoice:
    """What runs the tiles of an image, if not eager torch.

    Args:
        network: The network.
        wrap: Puts around it what the restoration wants: self-ensemble, strength.
        engine: One of `restora.restoration.runtimes.ENGINES`.
        precision: What was asked for.
        device: Where torch computes.
        tile: Side of the tiles in pixels, ``"auto"``, or ``None`` for the whole image at once.

    Attributes:
        torch_precision: In which eager torch is fastest with these weights, at a cost within the bounds; ``None`` where that
            was not measured.

    Raises:
        RestoraError: The engine is unknown, not installed, or cannot do what is asked for.
    """

    def __init__(
        self,
        network: RestorationNetwork,
        wrap: Callable[[RestorationNetwork], RestorationNetwork],
        *,
        engine: str,
        precision: str,
        device: torch.device,
        tile: int | str | None,
    ) -> None:
        check_engine(engine)
        self.network, self.wrap, self.engine, self.precision = network, wrap, engine, precision
        self.side = network.requirements.engine_side if tile is None or tile == "auto" else int(tile)
        self.name = "torch"  # of what runs the tiles
        self._engine: Engine | None = None
        self.torch_precision: str | None = None
        self._engines = {"auto": ["torch", *installed_runtimes()], "torch": ["torch"]}.get(engine, [engine])
        self._only_torch = self._engines == ["torch"]
        self._torch_settled = precision != "auto" or len(precisions_of("torch")) == 1
        self._settled = self._only_torch and self._torch_settled
        obstacle = (
            "runs tiles of one size; give tile 'auto' or a number of pixels"
            if tile is None
            else f"runs on the CPU, not on {device}"
            if device.type != "cpu"
            else "runs restora's own networks, not wrapped or foreign ones"
            if not can_be_served(network)
            else "computes in float32 or bfloat16, not in float16"
            if precision == "float16"
            else ""
        )
        if obstacle and engine not in ("auto", "torch"):
            raise RestoraError(f"engine {engine} {obstacle}; or take engine torch")
        self._settled |= bool(obstacle)

    def __call__(self, height: int, width: int) -> Engine | None:
        """Return the engine for an image, which runs tiles of `side` pixels; ``None`` for eager torch.

        Args:
            height: Of the image in pixels.
            width: Likewise.
        """
        if self.engine == "auto" and not self._only_torch:
            padded = max(height, self.side) * max(width, self.side)
            if padded > MOST_PADDING * height * width:
                return None
            if not self._settled and free_memory() < ENGINE_MEMORY:
                return None
        slow = self.engine == "auto" and not self.network.requirements.exports_quickly
        if slow and not self._settled and not measured(self.network, self.side, self._engines):
            # Not for one photograph; `restora doctor --measure` does it.
            self._engines = ["torch"]
            self._settled = self._torch_settled
        if not self._settled:
            small = self.engine in ("auto", "torch") and height * width < MEASURED_FROM
            if small and not measured(self.network, self.side, self._engines):
                return None
            self._engine, self._settled = self._chosen(), True
        return self._engine

    def _chosen(self) -> Engine | None:
        found = measure(self.network, self.side, engines=self._engines)
        if self.precision == "auto":
            eager = fastest(row for row in found if row.engine == "torch")
            self.torch_precision = eager.precision if eager else None
        if self.engine not in ("auto", "torch"):
            found = found[1:]  # without torch
        best = fastest(found, precision=self.precision)
        if best is None:
            faults = [row for row in found if self.precision in ("auto", row.precision)]
            _warn(self.engine, faults)
            return None
        if best.engine == "torch":
            return None
        self.name = best.engine
        served = ServedNetwork(self.network, best.engine, best.precision, self.side)
        return build_engine(self.wrap(served), precision=best.precision, device="cpu")


def _warn(engine: str, found: list[Measurement]) -> None:
    faults = "; ".join(f"in {row.precision} it {row.fault}" for row in found)
    logger.warning(
        "engine %s is not used, but torch: %s", engine, faults or "it does not compute in that precision"
    )
