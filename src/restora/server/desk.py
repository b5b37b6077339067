"""The desk: few pictures are worked on, few wait, the others are told when to come again."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import Any, TypeVar

from fastapi import HTTPException

from restora.server.bounds import Bounds

LEFT = 499
"""What is noted for a client that left before its answer; nobody gets it. As nginx has it."""
MEMORY = 0.2
"""Weight of the last picture in the mean time of one."""

T = TypeVar("T")


class Place:
    """The place of a request at the desk.

    Attributes:
        deadline: When it must be over, by `time.monotonic`.
        work: What is done for it, once it is.
    """

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.work: Future[Any] | None = None

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline, at least 0."""
        return max(0.0, self.deadline - time.monotonic())


class Desk:
    """A bounded queue before threads that work.

    Args:
        bounds: How many may work and wait, and how long.

    Attributes:
        held: Requests that have a place: they are coming in, wait, are worked on or get their answer.
        working: Pictures that are worked on.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.held = self.working = 0
        self._seconds = 1.0  # that a picture takes, in the mean
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(bounds.workers, thread_name_prefix="restora-serve")

    async def place(self) -> AsyncIterator[Place]:
        """Give a place at the desk, until the answer is sent and the work has ended; a dependency for FastAPI.

        Raises:
            HTTPException: 429, all places are taken.
        """
        with self._lock:
            full = self.held >= self.bounds.workers + self.bounds.max_queue
            self.held += not full
        if full:
            raise HTTPException(
                429,
                f"{self.held} pictures wait or are worked on, which is all there is room for; come again later",
                {"Retry-After": str(self.retry_after())},
            )
        place = Place(self.bounds.max_seconds)
        try:
            yield place
        finally:
            if place.work is None:
                self._leave()
            else:
                place.work.add_done_callback(self._leave)

    def retry_after(self) -> int:
        """Return the whole seconds after which there should be a place: when one of those at work is done."""
        return max(1, min(60, math.ceil(self._seconds / self.bounds.workers)))

    async def work(self, place: Place, task: Callable[[Event], T], leaving: Coroutine[Any, Any, None]) -> T:
        """Do something in a thread when its turn comes.

        Args:
            place: Of the request.
            task: What is to be done; it stops, within a tile, when the event is set.
            leaving: Ends when the client has left.

        Raises:
            HTTPException: 504, the time is over; `LEFT`, the client has left.
        """
        stop = Event()
        place.work = self._pool.submit(self._timed, task, stop)
        done, gone = asyncio.wrap_future(place.work), asyncio.create_task(leaving)
        try:
            await asyncio.wait({done, gone}, timeout=place.seconds_left, return_when=asyncio.FIRST_COMPLETED)
            if done.done():
                result: T = done.result()
                return result
            if gone.done():
                raise HTTPException(LEFT, "the client has left")
            raise HTTPException(
                504,
                f"the picture was not restored within {self.bounds.max_seconds:g} seconds; send a smaller one, or come again"
                " when fewer wait",
            )
        finally:
            stop.set()
            done.cancel()  # takes it out of the queue, if it has not begun
            gone.cancel()

    def close(self) -> None:
        """Take no more work, and forget what has not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, task: Callable[[Event], T], stop: Event) -> T:
        begin = time.monotonic()
        with self._lock:
            self.working += 1
        try:
            result = task(stop)
        finally:
            with self._lock:
                self.working -= 1
        self._seconds += MEMORY * (time.monotonic() - begin - self._seconds)
        return result

    def _leave(self, _: object = None) -> None:
        with self._lock:
            self.held -= 1
