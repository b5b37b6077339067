"""Files that appear whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


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
