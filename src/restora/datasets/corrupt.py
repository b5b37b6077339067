"""What to do about a file that cannot be read, among thousands that can."""

import logging
from typing import Literal

from restora.errors import RestoraError

logger = logging.getLogger(__name__)

Corrupt = Literal["skip", "fail"]
"""``fail``: the first bad file ends the run. ``skip``: it is reported by name, and another takes its place."""


def skip_or_fail(error: RestoraError, corrupt: Corrupt) -> None:
    """Report a file and return, or raise.

    Args:
        error: Names the file.
        corrupt: Which of the two.

    Raises:
        RestoraError: The error itself, if it is to be fatal.
    """
    if corrupt == "fail":
        raise error
    logger.warning("skipped: %s", error)
