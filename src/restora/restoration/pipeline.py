"""Pipeline: while one photograph is restored, the next one is read and those before are written."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from time import perf_counter
from typing import Protocol, TypeVar

from restora.memory import free_memory
from restora.threads import available_cores

WRITERS = 4
"""Threads that write at most: compressing PNG takes longer than a network on a graphics card."""
HELD = 2**28
"""Bytes of photographs, or an eighth of free memory: beyond, none is read ahead, and none left to be written later."""
LATE = 0.01
"""Part of the time that a photograph will take for which the one before may still be written first, to be told at once."""


class Stages(Protocol):
    """What goes through a pipeline; no stage raises an `Exception`."""

    @property
    def nbytes(self) -> int:
        """Bytes held at present."""

    def read(self) -> None:
        """Come first, in another thread."""

    def work(self) -> None:
        """Come next, in the thread of the caller, one at a time."""

    def write(self) -> None:
        """Come last, in another thread, beside others."""


Item = TypeVar("Item", bound=Stages)


def pipelined(items: Iterable[Item]) -> Generator[Item]:
    """Take items through their stages, so that they overlap.

    One is read ahead while one is worked on, and `WRITERS` are written at once, as long as all together hold less than
    `HELD`; one that holds more has the memory to itself.

    Args:
        items: In the order in which they are worked on.

    Yields:
        Each, in order, when it is written. What is interrupted ends with everything written that was worked on.
    """
    waiting = iter(items)
    writing: deque[tuple[Item, Future[None]]] = deque()
    reader, writers = ThreadPoolExecutor(1), ThreadPoolExecutor(min(WRITERS, available_cores()))
    most = min(HELD, free_memory() // 8)
    pace = 0.0  # seconds of work for a byte

    def ahead() -> tuple[Item, Future[None]] | None:
        item = next(waiting, None)
        return None if item is None else (item, reader.submit(item.read))

    def written(beside: int, patience: float) -> Iterator[Item]:
        """Yield the first ones in order: while too much is held, then those that are done within ``patience`` seconds."""
        while writing:
            full = len(writing) >= WRITERS or beside + sum(item.nbytes for item, _ in writing) >= most
            if not wait([writing[0][1]], None if full else patience).done:
                return
            yield writing.popleft()[0]

    try:
        following = ahead()
        while following is not None:
            item, reading = following
            reading.result()
            yield from written(item.nbytes, LATE * pace * item.nbytes)
            following = ahead() if item.nbytes < most else None
            begin, size = perf_counter(), item.nbytes
            item.work()
            pace = (perf_counter() - begin) / size if size else pace
            writing.append((item, writers.submit(item.write)))
            if following is None:
                yield from written(0, 0.0)
                following = ahead()
        while writing:
            yield from written(most, 0.0)
    finally:
        for pool in (reader, writers):
            pool.shutdown()


def side_by_side(items: Iterable[Item], workers: int, left: Event) -> Generator[Item]:
    """Take items through their stages, several at once: for many that are too small to keep every core busy by themselves.

    Args:
        items: In any order; twice as many as workers are held at most.
        workers: How many are worked on at once.
        left: Set when no more are wanted, which the items at work may heed.

    Yields:
        Each, in order, when it is written.
    """

    def through(item: Item) -> Item:
        item.read()
        item.work()
        item.write()
        return item

    pool = ThreadPoolExecutor(workers)
    begun: deque[Future[Item]] = deque()
    try:
        for item in items:
            begun.append(pool.submit(through, item))
            if len(begun) >= 2 * workers:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        left.set()
        pool.shutdown(cancel_futures=True)
