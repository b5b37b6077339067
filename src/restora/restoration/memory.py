"""Free memory, on this machine or on a graphics card."""

import torch

from restora import memory


def free_memory(device: torch.device) -> int:
    """Return the bytes that can still be taken on a device.

    Example:
        >>> free_memory(torch.device("cpu")) > 0
        True
    """
    if device.type == "cuda":
        reusable = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + reusable
    return memory.free_memory()
