"""Half precision: where a device computes in it, and where a layer must not."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def full_precision(x: Tensor) -> AbstractContextManager[object]:
    """Return a context in which autocast leaves alone what is computed on the device of ``x``.

    For sums over a whole image, which half precision cannot hold, and for products of weights.

    Example:
        >>> a = torch.rand(2, 2)
        >>> with torch.autocast("cpu", torch.bfloat16), full_precision(a):
        ...     (a @ a).dtype
        torch.float32
    """
    device = x.device.type
    # Not torch.amp.is_autocast_available, which exporters of PyTorch 2.6 and 2.7 cannot follow; only meta has no autocast.
    if device != "meta" and torch.is_autocast_enabled(device):
        # Entered only where there is something to switch off: exporters stumble over the context.
        return torch.autocast(device, enabled=False)
    return nullcontext()


def computes_in_bfloat16(device: torch.device) -> bool:
    """Tell whether bfloat16 is faster than float32 there.

    Processors without AVX-512-BF16 or AMX, and older graphics cards, emulate it slower than they compute float32.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return any(
            getattr(torch.cpu, name, bool)()  # bool() is False: a torch that cannot tell
            for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        )
    return False
