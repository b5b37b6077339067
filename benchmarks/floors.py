"""Where the time of a computation goes, and what it takes at least."""

import statistics
from collections.abc import Callable
from typing import Any

import torch
from harness import interleaved, table
from layers import UNIT_SIDE, unit_call
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

SHOWN = 8
FLOOR_HEADS = ("network", "GFLOP", "at GFLOP/s", "GB", "at GB/s", "operations", "floor, ms")


class Traffic(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations, and the bytes of the tensors that they read and write."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [leaf for leaf in tree_leaves((args, kwargs, out)) if isinstance(leaf, torch.Tensor)]
            self.operations += 1
            self.bytes += sum(t.untyped_storage().nbytes() if 0 in t.stride() else t.nbytes for t in tensors)
        return out


def floor(step: Callable[[], object], operations: int, like: Tensor) -> tuple[str, ...]:
    """Return what a step computes and moves, and how long both take at the speeds of single large operations.

    Args:
        step: The computation.
        operations: Multiplications and additions in it; they are done at the speed of a large convolution.
        like: What it moves is moved at the speed of adding two maps like this one.
    """
    with Traffic() as traffic:
        step()
    a = torch.rand_like(like)
    b, total, convolution = torch.rand_like(a), torch.empty_like(a), unit_call()
    times = interleaved({"add": lambda: torch.add(a, b, out=total), "convolution": convolution}, 20)
    moved, computed = (statistics.median(times[name]) for name in ("add", "convolution"))
    bandwidth, speed = 3 * a.nbytes / moved, 2 * 64 * 64 * 9 * UNIT_SIDE**2 / computed
    seconds = operations / speed + traffic.bytes / bandwidth
    numbers = (
        operations / 1e9,
        speed / 1e9,
        traffic.bytes / 1e9,
        bandwidth / 1e9,
        traffic.operations,
        1000 * seconds,
    )
    return tuple(f"{number:.1f}" if number < 100 else f"{number:.0f}" for number in numbers)


def profiled(step: Callable[[], object]) -> list[str]:
    """Return the operations that take most of a step by themselves."""
    with profile(activities=[ProfilerActivity.CPU]) as measured:
        step()
    found = sorted(measured.key_averages(), key=lambda e: e.self_cpu_time_total, reverse=True)
    total = sum(event.self_cpu_time_total for event in found)
    rows = [
        (f"`{e.key[:60]}`", e.count, f"{100 * e.self_cpu_time_total / total:.0f} %") for e in found[:SHOWN]
    ]
    return table(("operation", "calls", "share"), rows, rule="---:")
