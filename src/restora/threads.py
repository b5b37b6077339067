"""Threads: how many a computation may use, on a machine that others use too."""

import math
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Condition, Thread, local
from typing import Literal

from restora.errors import RestoraError

MOST = 1024
GLANCES = 3
PAUSE = 0.01  # seconds between two glances at the machine
HOLDS = 5  # seconds for which what was seen holds: for each of many small pictures, looking takes as long as restoring
ROOT = Path("/")

Threads = int | Literal["auto"] | None
"""A number; ``"auto"``, what is free; or ``None``, what torch has been told."""


def check_threads(threads: Threads) -> None:
    """Refuse what is no number of threads.

    Raises:
        RestoraError: It is neither 1 to 1024, nor ``"auto"``, nor ``None``.
    """
    if threads is None or threads == "auto":
        return
    if not isinstance(threads, int) or isinstance(threads, bool) or not 1 <= threads <= MOST:
        raise RestoraError(f"threads must be a number from 1 to {MOST} or 'auto', got {threads!r}")


def wait_passively(*, training: bool = False) -> None:
    """Let OpenMP's threads sleep that wait for one another, unless the user said how; before torch loads it.

    Threads that spin take the cores from those that they wait for, as soon as anything else runs. A step of training
    is thousands of short parallel regions, of which each would wake its threads: on cores that are free it is left to spin.

    Args:
        training: Whether steps of training will be taken.
    """
    cores = available_cores()
    if not training or free_threads(cores) < cores:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def free_threads(usual: int, *, root: Path = ROOT) -> int:
    """Choose a number of threads by what is free.

    A layer is done when the last of its threads is. On a busy machine a thread more than there are free cores
    makes all wait for the one that has to share its core, in every layer again.

    Args:
        usual: Threads on a machine of one's own. No more are chosen.
        root: Where ``proc`` and ``sys`` are.

    Returns:
        As many as there are idle cores, and at least the share of the cores that the kernel grants a program
        beside the others.
    """
    possible = min(usual, available_cores(root=root))
    cores, others = os.cpu_count() or 1, others_load(root=root)
    idle, share = math.floor(cores - others), round(possible * cores / (cores + others))
    return max(1, min(possible, max(idle, share)))


def available_cores(*, root: Path = ROOT) -> int:
    """Return how many cores this process may use: those it is bound to, and no more than its container pays for.

    Example:
        >>> 1 <= available_cores() <= os.cpu_count()
        True
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = container_cores(root=root)
    return max(1, bound if math.isinf(quota) else min(bound, math.ceil(quota)))


def container_cores(*, root: Path = ROOT) -> float:
    """Return the cores that the control groups of this process grant, versions 1 and 2; infinity without a limit.

    A group's limit holds for all groups in it, so the smallest counts from its own up to the outermost.
    """
    mounted = root / "sys/fs/cgroup"
    limits = [math.inf]
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            hierarchies = [mounted]
        elif "cpu" in controllers.split(","):
            hierarchies = [mounted / controllers, mounted / "cpu"]
        else:
            continue
        for hierarchy in hierarchies:
            own = hierarchy / path.lstrip("/")  # inside of a container this may not be there, but its root is
            limits += [_granted(group) for group in (own, *own.parents) if group.is_relative_to(hierarchy)]
    return min(limits)


def others_load(*, root: Path = ROOT) -> float:
    """Return how many threads of other processes want to run on this machine.

    The mean of the last minute, or what is seen at a few glances where that is less: a minute ago is over, and
    one glance may see what takes but a moment.
    """
    seen = []
    for glance in range(GLANCES):
        words = _text(root / "proc/loadavg").split()  # "0.52 0.40 0.31 3/178 4711"
        if len(words) < 4:  # not Linux, which alone says how many run at present
            return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        mean, running = float(words[0]), int(words[3].split("/")[0]) - max(1, _own_running(root))
        seen.append(running)
        if glance + 1 < GLANCES:
            time.sleep(PAUSE)
    return min(mean, max(0.0, sum(seen) / len(seen)))


def _own_running(root: Path) -> int:
    """Count the threads of this process that want to run."""
    stats = map(_text, (root / "proc/self/task").glob("*/stat"))
    return sum(stat.rpartition(")")[2].split()[:1] == ["R"] for stat in stats)


class _Turns:
    """Takes turns at torch's number of threads: it is one for the whole process where MKL computes.

    Threads of Python that want the same number compute side by side, others wait for their turn.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[object] = deque()
        self._inside, self._number, self._usual = 0, 0, 0
        self._own = local()

    def usual(self) -> int:
        """Return what torch has been told outside of all turns, or within the one that this thread has."""
        import torch

        with self._changed:
            if self._nested:
                return torch.get_num_threads()
            return self._usual if self._inside else _told()

    @property
    def _nested(self) -> bool:
        return getattr(self._own, "nested", False)

    @contextmanager
    def turn(self, number: int) -> Iterator[None]:
        import torch

        if self._nested:  # waiting for others, who may wait for this one, could be forever
            before = torch.get_num_threads()
            torch.set_num_threads(number)
            try:
                yield
            finally:
                torch.set_num_threads(before)
            return
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(
                    lambda: self._waiting[0] is ticket and (not self._inside or self._number == number)
                )
            finally:  # also when it is interrupted
                self._waiting.remove(ticket)
                self._changed.notify_all()
            if not self._inside:
                self._number, self._usual = number, _told()
            self._inside += 1
            torch.set_num_threads(number)
        self._own.nested = True
        try:
            yield
        finally:
            self._own.nested = False
            with self._changed:
                self._inside -= 1
                if not self._inside:  # while others compute, it would be theirs as well
                    torch.set_num_threads(self._usual)
                self._changed.notify_all()


def _told() -> int:
    """Return what torch was told last: a new thread asks, as one that was there during a turn may have kept the number of that."""
    import torch

    found: list[int] = []
    asking = Thread(target=lambda: found.append(torch.get_num_threads()))
    asking.start()
    asking.join()
    return found[0]


_turns = _Turns()


def chosen_threads(threads: Threads) -> int:
    """Return the number that is meant now; ``"auto"`` leaves alone what ``OMP_NUM_THREADS`` says."""
    if isinstance(threads, int):
        return threads
    usual = _turns.usual()
    if threads is None or "OMP_NUM_THREADS" in os.environ:
        return usual
    return _free_threads(usual, int(time.monotonic() / HOLDS))


@lru_cache(maxsize=1)
def _free_threads(usual: int, stretch: int) -> int:
    """Return what is chosen in a stretch of `HOLDS` seconds."""
    return free_threads(usual)


@contextmanager
def computing_threads(threads: Threads) -> Iterator[None]:
    """Let torch compute with a number of threads, and with as many as before afterwards.

    Threads of Python that are here with other numbers take turns.

    Args:
        threads: See `Threads`.
    """
    with _turns.turn(chosen_threads(threads)):
        yield


def _granted(group: Path) -> float:
    """Return the cores that a control group grants by a limit of its own."""
    words = _text(group / "cpu.max").split()  # "150000 100000" or "max 100000"
    words = words or [*_text(group / "cpu.cfs_quota_us").split(), *_text(group / "cpu.cfs_period_us").split()]
    if len(words) != 2 or words[0] in ("max", "-1"):
        return math.inf
    return int(words[0]) / int(words[1])


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # there is no such group, or no such file on this system
        return ""
