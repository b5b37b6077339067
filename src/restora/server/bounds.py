"""Bounds of what requests may take."""

from dataclasses import dataclass

MAX_PIXELS = 50_000_000
MAX_BYTES = 2**27
MAX_QUEUE = 32
MAX_SECONDS = 300.0


@dataclass(frozen=True)
class Bounds:
    """What requests may take; whatever comes beyond is refused with the code of HTTP that says so.

    Attributes:
        max_bytes: Of a file.
        max_pixels: Of a picture.
        max_queue: Requests that wait, beside those at work.
        max_seconds: From the first byte of a request to the last one of its answer.
        workers: Pictures worked on at once.

    Example:
        >>> Bounds(max_queue=4).max_pixels
        50000000
    """

    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    max_queue: int = MAX_QUEUE
    max_seconds: float = MAX_SECONDS
    workers: int = 1
