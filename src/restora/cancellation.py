"""Cancellation: work that somebody else may stop, from another thread."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Protocol

from restora.errors import RestoraError


class Cancel(Protocol):
    """What is asked, again and again, whether to stop: a `threading.Event`, or anything that has its ``is_set``."""

    def is_set(self) -> bool:
        """Tell whether to stop."""


class Cancelled(RestoraError):  # noqa: N818 - as in asyncio and concurrent.futures, it is no error
    """The work was stopped because its caller asked for it; nothing is wrong.

    Example:
        >>> from threading import Event
        >>> import numpy as np, restora
        >>> stop = Event()
        >>> stop.set()  # by a button, in another thread
        >>> restora.restore(np.zeros((64, 64, 3), np.uint8), task="denoise", cancel=stop)
        Traceback (most recent call last):
        restora.cancellation.Cancelled: cancelled before it was done; start it again to have it done
    """

    def __init__(self, message: str = "cancelled before it was done; start it again to have it done") -> None:
        super().__init__(message)


_asked: ContextVar[Cancel | None] = ContextVar("asked", default=None)


@contextmanager
def cancellable(cancel: Cancel | None) -> Iterator[None]:
    """Let what is done within, in this thread, be stopped; ``None`` leaves it as it is.

    Raises:
        Cancelled: At the next `check`, once ``cancel.is_set()``.

    Example:
        >>> from threading import Event
        >>> stop = Event()
        >>> stop.set()
        >>> with cancellable(stop):
        ...     check()
        Traceback (most recent call last):
        restora.cancellation.Cancelled: cancelled before it was done; start it again to have it done
    """
    before = _asked.set(_asked.get() if cancel is None else cancel)
    try:
        yield
    finally:
        _asked.reset(before)


def check() -> None:
    """Stop here if that was asked for.

    Raises:
        Cancelled: It was.
    """
    cancel = _asked.get()
    if cancel is not None and cancel.is_set():
        raise Cancelled


def checking_operations() -> AbstractContextManager[Any]:
    """Return a context in which `check` comes before every operation of torch in this thread.

    A network on a large tile takes seconds; its layers take milliseconds. Compilers trace the context as well, so it is
    for eager torch alone.
    """
    if _asked.get() is None:
        return nullcontext()
    from torch.overrides import TorchFunctionMode

    class CheckingOperations(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            check()
            return function(*args, **(kwargs or {}))

    return CheckingOperations()
