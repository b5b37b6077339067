"""Free memory, on this machine or on a graphics card."""

import os
from pathlib import Path

import torch

_CONTAINER = Path("/sys/fs/cgroup")
_UNKNOWN = 2 * 1024**3  # bytes; what any machine that restores photographs can be trusted to have


def free_memory(device: torch.device) -> int:
    """Return the bytes that can still be taken on a device.

    On a CPU: what the kernel says is available, caches that it would give up included, and no more than the
    limit of the container leaves.

    Example:
        >>> free_memory(torch.device("cpu")) > 0
        True
    """
    if device.type == "cuda":
        reusable = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + reusable
    return max(0, min(_available_on_machine(), _available_in_container()))


def _available_on_machine() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # not Linux
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" in names:  # macOS tells only how much there is in all
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return _UNKNOWN


def _available_in_container() -> int:
    """Return what control group version 2 leaves; a huge number where it sets no limit."""
    try:
        limit = int((_CONTAINER / "memory.max").read_text())
        used = int((_CONTAINER / "memory.current").read_text())
        statistics = dict(line.split() for line in (_CONTAINER / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no such group, or its limit is "max"
        return 2**63
    return limit - used + int(statistics.get("inactive_file", 0))
