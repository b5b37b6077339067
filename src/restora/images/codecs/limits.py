"""Limits of what a file may ask for, held against its header before anything is decoded."""

from dataclasses import dataclass

from restora.images.codecs.faults import MemoryNeededError, TooLargeError, damaged
from restora.memory import free_memory

_ALWAYS_FREE = 1 << 26  # bytes; for less, nobody is asked
_GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    """How large a picture may be.

    Attributes:
        max_pixels: Most pixels.
        copies: Pictures of the same size that must find room beside it, for what is to be done with it.
        beside: Bytes that must find room beside those.
    """

    max_pixels: int
    copies: int = 0
    beside: int = 0

    def check_size(self, width: int, height: int) -> None:
        """Refuse sizes that no photograph has.

        Raises:
            TooLargeError: There are more than `max_pixels` pixels.
            UndecodableError: A side is zero.
        """
        if width <= 0 or height <= 0:
            raise damaged(f"its header says {width} x {height} pixels")
        if width * height > self.max_pixels:
            raise TooLargeError(
                f"{width} x {height} are more than {self.max_pixels} pixels, which may be an attack on memory; "
                "raise max_pixels if the file is trusted"
            )

    def check_memory(self, width: int, height: int, *, pixel: int, decoding: int, data: int = 0) -> None:
        """Refuse a picture for which there is no memory.

        Args:
            width: In pixels.
            height: In pixels.
            pixel: Bytes of a pixel of the picture.
            decoding: Bytes that a pixel takes while it is decoded, the picture's own among them, as measured.
            data: Bytes that the file takes meanwhile, beside those it takes already.

        Raises:
            MemoryNeededError: It, and what is to be done with it, needs more than there is.
        """
        needed = max(width * height * decoding + data, width * height * pixel * (1 + self.copies))
        if needed <= _ALWAYS_FREE:
            return
        needed, free = needed + self.beside, free_memory()
        if needed > free:
            raise MemoryNeededError(
                f"{width} x {height} pixels need {needed / _GIB:.1f} GiB of memory, and {free / _GIB:.1f} GiB are free; "
                "close other programs, or scale the picture down"
            )
