"""Ctrl-C and SIGTERM, noticed between two steps and by all processes at the same one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import torch
from torch import distributed

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """The question whether to stop, which Ctrl-C and SIGTERM answer with yes.

    Args:
        notify: Called within the handler of a signal, with what becomes of it.
    """

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify, self._requested, self._at_once = notify, threading.Event(), False
        # Through the processors even where gradients travel between GPUs, so that no GPU has to be waited for.
        self.group = distributed.new_group(backend="gloo") if distributed.is_initialized() else None

    def __call__(self) -> bool:
        """Tell whether to stop. Every process must ask equally often."""
        if self.group is None:
            return self._requested.is_set()
        flag = torch.tensor([int(self._requested.is_set())])
        distributed.all_reduce(flag, distributed.ReduceOp.MAX, self.group)
        return bool(flag)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let signals end what is done within: it takes long, and nothing is lost with it.

        Only where there is one process, for others would wait for this one.

        Raises:
            KeyboardInterrupt: A signal came; instead of whatever else was raised because it ended compilers, too.
        """
        self._at_once = self.group is None
        try:
            if self._at_once and self._requested.is_set():
                raise KeyboardInterrupt
            yield
        except Exception as error:
            if self._at_once and self._requested.is_set():
                raise KeyboardInterrupt from error
            raise
        finally:
            self._at_once = False

    def request(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        self._requested.set()
        self._notify("stopping now" if self._at_once else "stopping after this step")
        if self._at_once:
            raise KeyboardInterrupt


@contextmanager
def interruptions(notify: Callable[[str], None] = lambda words: None) -> Iterator[Interruption]:
    """Turn Ctrl-C and SIGTERM into a question, so that the step at hand is finished and saved.

    A signal that reaches one process of several stops all of them: else those that go on would wait for its
    gradients. Handlers are put back at the end; outside of the main thread none are set.

    Args:
        notify: See `Interruption`.

    Yields:
        Whether to stop.
    """
    stop = Interruption(notify)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    previous = {number: signal.signal(number, stop.request) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if stop.group is not None:
            distributed.destroy_process_group(stop.group)


def leave_to_the_trainer(worker: int) -> None:
    """Prepare a process that cuts crops: Ctrl-C reaches it too, but the Trainer still needs crops."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # so that it can still be ended
