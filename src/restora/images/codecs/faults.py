"""Errors of image files, in words that end with the remedy."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

# What decoders find odd they print where nobody listens to their logs; what matters is in our own messages.
for _name in ("tifffile", "imagecodecs"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

AGAIN = "get a complete copy from its source"


class UndecodableError(Exception):
    """A file that cannot be read as a photograph; the message says why and what to do, not which file."""


class TooLargeError(UndecodableError):
    """A file of more pixels than are allowed."""


class MemoryNeededError(UndecodableError):
    """A file for which there is no memory at present."""


class UnsupportedError(UndecodableError):
    """A file that may be well, but is of a kind that restora does not read."""


def cut_short() -> UndecodableError:
    """Say that the file ends too early."""
    return UndecodableError(f"the file is cut short; {AGAIN}")


def damaged(what: str) -> UndecodableError:
    """Say that the file contradicts itself."""
    return UndecodableError(f"the file is damaged ({what}); {AGAIN}")


def unsupported(what: str, remedy: str = "convert it to PNG or TIFF first") -> UnsupportedError:
    """Say that the file is well but of a kind that restora does not read."""
    return UnsupportedError(f"{what} is not supported; {remedy}")


@contextmanager
def decoding() -> Iterator[None]:
    """Turn whatever a third-party decoder raises into an `UndecodableError`; only wrap calls of such."""
    try:
        yield
    except (UndecodableError, MemoryError):
        raise
    except Exception as error:  # decoders raise OSError, ValueError, SyntaxError, their own, ...
        reason = " ".join(str(error).split()) or type(error).__name__
        raise damaged(reason) from error


class CompleteBytes(io.BytesIO):
    """Bytes that must not be read beyond their end.

    Pillow would else fill what is missing with gray when another part of the program has set
    ``PIL.ImageFile.LOAD_TRUNCATED_IMAGES``, or, for some formats, always.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as `io.BytesIO` does, but raise at the end of the data instead of returning nothing."""
        data = super().read(size)
        if not data and size:
            raise cut_short()
        return data
