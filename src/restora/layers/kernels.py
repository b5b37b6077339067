"""Kernels of Triton, which compute the heavy operators on NVIDIA's cards: whether they may be used."""

import logging
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor

logger = logging.getLogger(__name__)


def kernels_compute(name: str, device: torch.device) -> bool:
    """Tell whether the kernels of a module are used on a device: they are, on CUDA, if they are found to agree there.

    To be asked inside of operators only, which torch.compile does not trace.

    Args:
        name: Module in `restora.layers`, with a function ``difference(device)``.
        device: Where to compute.
    """
    return device.type == "cuda" and find_spec("triton") is not None and _agree(name, device)


@cache
def _agree(name: str, device: torch.device) -> bool:
    """Compare kernels with the plain operations on a small problem, once: the numbers, and that they compile at all."""
    difference: Callable[[torch.device], float] = import_module(f"restora.layers.{name}").difference
    try:
        with torch.no_grad(), torch.autocast("cuda", enabled=False):
            found = difference(device)
    except Exception as error:  # a compiler of a thousand passes raises anything
        logger.warning("%s cannot be used on %s (%s); torch's own operations are", name, device, error)
        return False
    if not found < TOLERANCE:
        logger.warning(
            "%s differs by %.1e on %s and is not used; torch's own operations are", name, found, device
        )
    return found < TOLERANCE


TOLERANCE = 1e-2
"""Largest difference, against the largest value, with products in TF32."""


def largest_difference(found: tuple[Tensor, ...], expected: tuple[Tensor, ...]) -> float:
    """Return the largest difference of any value, against the largest value of its tensor."""
    pairs = zip(found, expected, strict=True)
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)


def products() -> str:
    """Return how kernels multiply float32: as exactly as torch is told to."""
    return "tf32" if torch.get_float32_matmul_precision() != "highest" else "ieee"
