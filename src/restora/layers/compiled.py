"""Loops that Numba compiles: whether it is installed, where they are kept, and how threads share them.

Numba is an optional extra, and importing it takes a second: the modules that hold such loops are imported when the
first of them runs. The loops release the interpreter's lock, and threads of ours run them; Numba's own would exclude
calls from several threads at once, and processes that are forked.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor

from restora.cache import cache_folder

logger = logging.getLogger(__name__)

NUMBA = find_spec("numba") is not None
"""Whether loops can be compiled here."""

LONG_COMPILATION = 2.0
"""Seconds of compiling from which on it is said."""


_left_out = 0
_counting = Lock()


@contextmanager
def without_compiled_loops() -> Iterator[None]:
    """Compute as where Numba is not installed, in all threads: for another processor it compiles sums in another order."""
    global _left_out
    with _counting:
        _left_out += 1
    try:
        yield
    finally:
        with _counting:
            _left_out -= 1


def compiles(x: Tensor) -> bool:
    """Tell whether compiled loops may compute with a tensor: on a CPU (or in a traced graph of it), and its type."""
    return (
        NUMBA
        and not _left_out
        and x.device.type == "cpu"
        and x.dtype in (torch.bfloat16, torch.float32, torch.float64)
    )


FAST_MATH = {"contract", "reassoc", "nsz"}
"""Products may be fused with sums, and sums reordered within a loop; but nothing is assumed to be finite."""


def compiled_loop(function: Callable[..., None]) -> Any:
    """Compile a function (start, stop, ...) when it is first called; what was compiled is kept in the cache folder."""
    import numba

    settings: Any = numba.config
    kept, settings.CACHE_DIR = settings.CACHE_DIR, str(cache_folder() / "compiled")
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST_MATH)(function)
    finally:
        settings.CACHE_DIR = kept


def called(function: Callable[..., Any]) -> Any:
    """Compile a function that compiled loops call."""
    import numba

    return numba.njit(error_model="numpy", fastmath=FAST_MATH)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function anew wherever compiled loops call it: for a few short lines in the innermost loop."""
    import numba

    return numba.njit(inline="always")(function)


def scalar(number: float, like: Tensor) -> Any:
    """Make a number of a tensor's precision for a loop, whose own literals would be of double precision."""
    return torch.tensor(number, dtype=like.dtype).numpy()[()]


def run(loop: Any, count: int, *arguments: Any, grain: int = 1) -> None:
    """Run a compiled loop over range(count), on up to as many threads as torch uses.

    Args:
        loop: Called with (start, stop, *arguments). What it computes for one number must not depend on the others.
        count: How many numbers there are.
        arguments: Tensors, which the loop gets as arrays (bfloat16 as its bits), or numbers.
        grain: Fewest numbers that are worth a thread.
    """
    arrays: list[Any] = [_array(a) if isinstance(a, Tensor) else a for a in arguments]
    parts = max(1, min(torch.get_num_threads(), count // grain))
    bounds = [count * part // parts for part in range(parts + 1)]
    _make_ready(loop, arrays)
    if parts == 1:
        loop(0, count, *arrays)
    else:
        others = [_pool().submit(loop, bounds[i], bounds[i + 1], *arrays) for i in range(1, parts)]
        loop(0, bounds[1], *arrays)
        for other in others:
            other.result()


_ready: set[tuple[Any, ...]] = set()


def _make_ready(loop: Any, arguments: list[Any]) -> None:
    """Compile a loop for arguments of these kinds, or load what was compiled, one process at a time.

    Of two that keep different kinds at once, Numba may store the code of one under the name of the other, and a process
    that loads it crashes.
    """
    kinds = (loop, *map(_kind, arguments))
    if kinds in _ready:
        return
    folder = cache_folder() / "compiled"
    with ExitStack() as stack:
        with suppress(OSError, NotImplementedError):  # where nothing can be locked
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(folder / ".lock"))
        start = time.perf_counter()
        loop(0, 0, *arguments)
        if (taken := time.perf_counter() - start) > LONG_COMPILATION:
            logger.info("compiled %s for this processor in %.0f s, once", loop.__name__, taken)
    _ready.add(kinds)


def _kind(argument: Any) -> Any:
    """Tell apart at least what Numba compiles for apart."""
    if not isinstance(argument, np.ndarray):
        return type(argument)
    flags = argument.flags
    return (
        argument.dtype,
        argument.ndim,
        flags.c_contiguous,
        flags.f_contiguous,
        flags.aligned,
        flags.writeable,
    )


def _array(x: Tensor) -> Any:
    x = x.detach()
    return (x.view(torch.uint16) if x.dtype == torch.bfloat16 else x).numpy()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="restora")


os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads
