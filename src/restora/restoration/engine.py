"""Engine: a network on a device, in a precision, which runs a tile."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor, nn

from restora.cancellation import checking_operations
from restora.errors import RestoraError
from restora.layers.precision import computes_in_bfloat16
from restora.networks.contract import Requirements, RestorationNetwork, as_network
from restora.restoration.blending import Blended
from restora.restoration.memory import free_memory

ACTIVATIONS_ALIVE = 12
"""Feature maps as large as the largest one that a network is taken to hold at once. Counted generously."""


@dataclass(frozen=True)
class Engine:
    """A network made ready to run.

    Attributes:
        network: A copy in evaluation mode on the device, folded, channels last; the caller's own is not
            touched.
        device: Where it runs.
        dtype: Precision of its convolutions and matrix products; sums with the image stay in float32.
    """

    network: RestorationNetwork
    device: torch.device
    dtype: torch.dtype

    @property
    def requirements(self) -> Requirements:
        """Sizes, channels and precisions that the network takes."""
        return self.network.requirements

    def with_strength(self, strength: float) -> Self:
        """Return an engine that shares the network and goes only a part of its way; see `Blended`."""
        return self if strength == 1 else replace(self, network=Blended(self.network, strength))

    @cached_property
    def _eager(self) -> bool:
        """Whether torch computes every part, operation by operation."""
        return all(getattr(part, "eager", True) for part in self.network.modules())

    @torch.inference_mode()
    def residual(self, x: Tensor) -> Tensor:
        """Return what the network changes, ``network(x) - x``.

        Args:
            x: (1, C, H, W), float32 in [0, 1], H and W as `requirements` ask. With six channels, RGB of the
                left and of the right view of a dual-pixel sensor; the difference is then to the left one.

        Returns:
            (1, 3, H, W), float32, on the CPU; exactly zero where the network changes nothing.

        Raises:
            Cancelled: That was asked for meanwhile; see `restora.cancellation`.
            RestoraError: The network's answer is not finite.
        """
        x = x.to(self.device, memory_format=torch.channels_last)
        checking = checking_operations() if self._eager else nullcontext()
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32), checking:
            answer = self.network(x)
        difference: Tensor = answer.float() - x[:, :3]
        if not all(torch.stack(difference.aminmax()).isfinite()):  # ten times as fast as looking at each
            precision = str(self.dtype).removeprefix("torch.")
            remedy = "try other weights" if precision == "float32" else "try precision float32"
            raise RestoraError(f"the network's answer in {precision} is not finite; {remedy}")
        return difference.cpu()

    def bytes_per_pixel(self) -> int:
        """Estimate the memory that a pixel of a tile needs while the network runs.

        A small input goes through once; the largest output of a layer, times `ACTIVATIONS_ALIVE`, is the
        answer.
        """
        side = self.requirements.fitting_side(64)
        largest = [4 * self.requirements.in_channels * side * side]

        def note(module: nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, Tensor):
                largest.append(output.numel() * output.element_size())

        hooks = [module.register_forward_hook(note) for module in self.network.modules()]
        try:
            self.residual(torch.zeros(1, self.requirements.in_channels, side, side))
        finally:
            for hook in hooks:
                hook.remove()
        return max(largest) * ACTIVATIONS_ALIVE // (side * side)

    def free_memory(self) -> int:
        """Return free memory in bytes on the device."""
        return free_memory(self.device)

    def release_memory(self) -> None:
        """Give back what a failed tile has left in the device's pool."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def build_engine(
    network: nn.Module, *, precision: str = "auto", device: str | torch.device = "auto"
) -> Engine:
    """Copy a network to a device and choose how it computes.

    Args:
        network: A network, or any module; see `as_network`.
        precision: ``"float32"``, ``"bfloat16"``, ``"float16"``, or ``"auto"``: bfloat16 where the device
            computes in it and the network is safe in it, else float16 on a graphics card if the network is
            safe in that, else float32. The weights stay in float32; what is cast is what each layer computes
            with.
        device: ``"auto"`` (CUDA, then Apple's MPS, then the CPU) or a torch device.

    Raises:
        RestoraError: Unknown or missing device, unknown precision.
    """
    network = as_network(network)
    requirements = network.requirements
    if requirements.in_channels not in (3, 6):
        raise RestoraError(
            f"the network takes {requirements.in_channels} channels; a photograph has 3, two views of one have 6"
        )
    chosen = best_device() if device == "auto" else _device(device)
    dtype = _dtype(precision, chosen, requirements)
    ready = network.fold()  # a copy
    ready.float().eval().requires_grad_(False)
    return Engine(ready.to_device(chosen), chosen, dtype)


def best_device() -> torch.device:
    """Return the fastest device there is."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def _device(device: str | torch.device) -> torch.device:
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen).cpu()  # which "meta", without values, refuses
    except (RuntimeError, AssertionError, TypeError) as error:
        raise RestoraError(f"device {device!r} is not there on this machine; try cpu, or auto") from error
    return chosen


def _dtype(precision: str, device: torch.device, requirements: Requirements) -> torch.dtype:
    if precision == "auto":
        if computes_in_bfloat16(device) and "bfloat16" in requirements.precisions:
            return torch.bfloat16
        # Never on the CPU, where float16 takes eight times as long as float32.
        return (
            torch.float16 if device.type == "cuda" and "float16" in requirements.precisions else torch.float32
        )
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if precision not in dtypes:
        raise RestoraError(f"unknown precision {precision!r}; there are: auto, {', '.join(dtypes)}")
    return dtypes[precision]
