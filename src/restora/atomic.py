"""Files that appear whole or not at all, or say why not."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from restora.errors import RestoraError

_FULL = "there is no space left on the disk; free some, or write to another one"
_FORBIDDEN = "the folder may not be written to; choose another one, or give yourself permission"
_REASONS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "the file is larger than the disk allows; write to another one",
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another folder",
    errno.EEXIST: "a part of the path is a file, not a folder; choose another folder",
    errno.EISDIR: "there is a folder of this name; choose another name",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


@contextmanager
def replacement(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place when the block ends without an error.

    A kill, a full disk or an error leaves either the old file or the new one, never a part. The permissions
    of a file that is replaced are kept.

    Args:
        path: File to create or replace; its folder must exist.

    Yields:
        The temporary file, open for writing, reading and seeking.

    Raises:
        OSError: The file cannot be created, written or renamed; the temporary one is gone by then.
    """
    # Not derived from the name of the file, which may already have the greatest length that is allowed.
    temporary = path.with_name(f".restora-{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb+") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be written whole or not at all; its folder is made, and a link is followed.

    Yields:
        The file, open for writing, reading and seeking.

    Raises:
        RestoraError: The disk refuses; the message says why, and what to do.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacement(path.resolve()) as stream:
            yield stream
    except OSError as error:
        raise refusal(path, error) from error


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file whole or not at all, its folder with it.

    Args:
        path: File to create or replace.
        content: Text is written in UTF-8.

    Returns:
        The path.

    Raises:
        RestoraError: It cannot be written.
    """
    with output_file(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path, error: OSError) -> RestoraError:
    """Explain why a file could not be written."""
    reason = _REASONS.get(error.errno or 0)
    # NumPy's own writing loses the number of the error: see whether the disk is full.
    if reason is None and error.errno is None and shutil.disk_usage(path.parent).free < 1 << 20:
        reason = _FULL
    return RestoraError(
        f"{path}: {reason or f'cannot be written ({error.strerror or error}); choose another folder'}"
    )
