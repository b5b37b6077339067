"""Saving what matplotlib draws."""

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from restora.atomic import replacement
from restora.errors import RestoraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def saved(figure: "Figure", path: Path) -> Path:
    """Write a figure in the format that the suffix asks for, whole or not at all, the same bytes every time.

    Raises:
        RestoraError: The file cannot be written.
    """
    from matplotlib import rc_context

    kind = path.suffix[1:].lower()
    # Without these two, the date and random names would make every file differ.
    dates = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with rc_context({"svg.hashsalt": "restora"}), replacement(path.resolve()) as stream:
            figure.savefig(stream, format=kind, metadata=dates)
    except OSError as error:
        full = " (the disk is full)" if error.errno == errno.ENOSPC else ""
        raise RestoraError(
            f"{path}: cannot be written{full}: {error.strerror or error}; choose another folder"
        ) from error
    return path
