"""Where a layer must not be computed in half precision."""

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
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return nullcontext()
