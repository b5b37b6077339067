"""Ctrl-C and SIGTERM, noticed between two steps and by all processes at the same one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import torch
from torch import distributed

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptions() -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and SIGTERM into a question, so that the step at hand is finished and saved.

    A signal that reaches one process of several stops all of them: else those that go on would wait for its
    gradients. Handlers are put back at the end; outside of the main thread none are set.

    Yields:
        Whether to stop. Every process must ask equally often.
    """
    requested = threading.Event()

    def request(number: int, frame: FrameType | None) -> None:
        requested.set()

    # Through the processors even where gradients travel between GPUs, so that no GPU has to be waited for.
    group = distributed.new_group(backend="gloo") if distributed.is_initialized() else None

    def stop() -> bool:
        if group is None:
            return requested.is_set()
        flag = torch.tensor([int(requested.is_set())])
        distributed.all_reduce(flag, distributed.ReduceOp.MAX, group)
        return bool(flag)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    previous = {number: signal.signal(number, request) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if group is not None:
            distributed.destroy_process_group(group)


def leave_to_the_trainer(worker: int) -> None:
    """Prepare a process that cuts crops: Ctrl-C reaches it too, but the Trainer still needs crops."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # so that it can still be ended
