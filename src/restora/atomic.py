"""Files that appear whole or not at all, or say why not, and that one process at a time is at work on."""

import errno
import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from restora.errors import RestoraError

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, flock

_PATIENCE = 0.2  # seconds for which somebody who only looks may hold a lock

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

_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def mode_of(path: Path) -> int:
    """Return what `stat.S_ISDIR` and its like tell apart; 0 where nothing is.

    From Python 3.14 on `Path.is_dir` and its like answer no also where they may not look.

    Raises:
        OSError: The system does not let one look, or the name is too long.
    """
    try:
        return path.stat().st_mode
    except ValueError:  # of a name that holds a zero byte
        return 0
    except OSError as error:
        if error.errno in _NOWHERE:
            return 0
        raise


@contextmanager
def replacement(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place when the block ends without an error.

    A kill, a full disk or an error leaves either the old file or the new one, never a part. What a kill leaves of the
    temporary one is removed by the next process that writes into the folder. The permissions of a file that is
    replaced are kept.

    Args:
        path: File to create or replace; its folder must exist.

    Yields:
        The temporary file, open for writing, reading and seeking.

    Raises:
        OSError: The file cannot be created, written or renamed; the temporary one is gone by then.
    """
    sweep(path.parent)
    temporary, stream = _temporary(path.parent)
    try:
        with stream:
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


def _temporary(folder: Path) -> tuple[Path, BinaryIO]:
    """Create a file that others can see is in use for as long as it is open."""
    while True:
        # Not derived from the name of the file, which may already have the greatest length that is allowed.
        path = folder / f".restora-{secrets.token_hex(6)}.tmp"
        stream = path.open("xb+")
        with suppress(OSError):  # some network file systems know no locks
            _lock(stream)
        if path.exists():  # nobody took it for left behind in the moment before it was locked
            return path, stream
        stream.close()


@cache
def sweep(folder: Path) -> None:
    """Remove the temporary files and locks in a folder whose process was killed; once in a process.

    The lock on a file ends with its process, however that ended, also on another machine or in another container.
    """
    for path in folder.glob(f".restora-{'[0-9a-f]' * 12}.*"):
        if path.suffix in (".tmp", ".lock") and path.is_file():
            with (
                suppress(OSError),
                path.open("rb+") as stream,
            ):  # network file systems lock what may be written to
                _lock(stream, LOCK_NB)
                path.unlink()


def _lock(stream: BinaryIO, flags: int = 0) -> None:
    """Lock a file until it is closed. Windows needs no lock: files that are open cannot be removed there."""
    if sys.platform != "win32":
        flock(stream, LOCK_EX | flags)


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Keep other processes from work on a file, which need not exist; its folder is made.

    Raises:
        RestoraError: Another process is at work on it, or the folder may not be written to.
    """
    place = path.resolve()
    name = hashlib.sha256(os.fsencode(place.name)).hexdigest()[:12]
    lock = FileLock(place.with_name(f".restora-{name}.lock"), timeout=_PATIENCE, thread_local=False)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise RestoraError(
            f"{path}: another run is at work on it; wait until it is done, or choose another output"
        ) from error
    except OSError as error:
        raise refusal(path, error) from error
    try:
        yield
    finally:
        with suppress(OSError):  # while it is held; who waits for it sees that it is gone, and makes another
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


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


def make_folder(path: Path) -> None:
    """Make a folder that is to hold files, unless it is there.

    Raises:
        RestoraError: It cannot be made; the message says why, and what to do.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
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
