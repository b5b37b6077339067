"""The end of a process that has done its work: without taking apart what the system frees at once."""

import atexit
import ctypes
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def leave(end: SystemExit) -> NoReturn:
    """End the process as ``end`` says: exit functions run and streams are flushed, then the system frees the memory.

    Taking apart the modules of torch one by one takes a third of the time of importing them. Where other threads are at work
    that Python would wait for, the process ends as always.

    Args:
        end: Its code is a number, or ``None`` for 0.

    Raises:
        SystemExit: ``end``, where it carries words, or other threads are at work.
    """
    awaited = [thread for thread in threading.enumerate() if not thread.daemon]
    if not isinstance(end.code, int | None) or awaited != [threading.current_thread()]:
        raise end
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # Closed, or none; what could not be written has been said.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with suppress(OSError, AttributeError, TypeError):  # what libraries in C have printed
        ctypes.CDLL(None).fflush(None)
    os._exit(end.code or 0)
