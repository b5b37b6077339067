"""Failures: one line for whatever a file failed of, so that the run goes on; the traceback goes elsewhere."""

import hashlib
import logging
import platform
import traceback
from pathlib import Path

from restora import __version__
from restora.atomic import refusal, write_file
from restora.cache import cache_folder
from restora.errors import RestoraError, printable

_OUT_OF_MEMORY = (
    "out of memory",
    "not enough memory",
    "insufficient memory",  # OpenCV
    "can't alloc",  # torch, OpenVINO
    "alloc_failed",
    "could not create a primitive",  # oneDNN
    "could not create a memory",
)
_LONGEST = 200  # characters of somebody else's message

logger = logging.getLogger(__name__)


class Words(str):
    """What a failure is called, and the ``entry`` of `RestoraError`, or nothing, where more about it stands."""

    entry = ""


def out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, in the words of torch, CUDA, oneDNN and OpenCV.

    Example:
        >>> out_of_memory(RuntimeError("could not create a primitive")), out_of_memory(ValueError("no"))
        (True, False)
    """
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _OUT_OF_MEMORY)


def failure(error: Exception, *files: Path | str) -> Words:
    """Say in one line why something failed, whatever was raised.

    What nobody expected gets a reference, the same for every failure at the same place. Its traceback is logged at the
    level DEBUG where that is asked for, as ``--debug`` does, else written to ``errors/REFERENCE.txt`` in `cache_folder`.

    Args:
        error: What was raised.
        *files: What was worked on. The first one is named, unless the message begins with one of them.
    """
    known = _expected(error, files)
    words = printable(known or _unexpected(error))
    named = not files or words.startswith(tuple(map(printable, files)))
    line = Words(words if named else f"{printable(files[0])}: {words}")
    line.entry = known.entry if known else ""
    return line


def reference_of(error: Exception) -> str:
    """Return what a defect is called in messages, reports and logs: the same for every failure at the same place."""
    frames = [(Path(f.filename).name, f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    return hashlib.sha256(repr((type(error).__name__, frames)).encode()).hexdigest()[:8]


def _expected(error: Exception, files: tuple[Path | str, ...]) -> RestoraError | None:
    """Return what a user can mend as such, ``None`` for a defect."""
    if isinstance(error, RestoraError):
        return error
    if out_of_memory(error):
        return RestoraError("memory does not suffice; close other programs, or scale the picture down")
    if isinstance(error, OSError) and error.errno is not None and (error.filename or files):
        return refusal(Path(error.filename or files[0]), error)
    return None


def _unexpected(error: Exception) -> str:
    kind, reference = type(error).__name__, reference_of(error)
    message = " ".join(str(error).split())[:_LONGEST]
    line = f"failed unexpectedly ({kind}: {message}), reference {reference}"
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug(reference, exc_info=error)
        return line
    header = f"restora {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    report = header + "".join(traceback.format_exception(error))
    path = cache_folder() / "errors" / f"{reference}.txt"
    try:
        write_file(path, report.encode(errors="backslashreplace"))
    except RestoraError:  # no place to write
        return f"{line}; --debug shows the traceback"
    return f"{line}; please report it with {path}"
