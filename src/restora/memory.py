"""Memory that this process can still take."""

import os
from pathlib import Path

_CONTAINER = Path("/sys/fs/cgroup")
_UNKNOWN = 2 * 1024**3  # bytes; what any machine that restores photographs can be trusted to have
_UNLIMITED = 2**63


def free_memory() -> int:
    """Return the bytes that this process can still take.

    That is what the kernel says is available, caches that it would give up included, and no more than the limits of
    the container and of the process (``ulimit -v``) leave.

    Example:
        >>> free_memory() > 0
        True
    """
    return max(0, min(_available_on_machine(), _available_in_container(), _available_to_process()))


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
        return _UNLIMITED
    return limit - used + int(statistics.get("inactive_file", 0))


def _available_to_process() -> int:
    """Return what the limit of addresses leaves; a huge number where there is none."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # Windows, or not Linux
        return _UNLIMITED
    return _UNLIMITED if limit == resource.RLIM_INFINITY else limit - used
