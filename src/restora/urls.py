"""URLs and paths, told apart by how they are written."""

import re
from pathlib import Path


def is_url(place: str | Path) -> bool:
    """Tell whether a place is named by a URL.

    Example:
        >>> is_url("s3://bucket/a.png"), is_url("zip://a.png::s3://bucket/a.zip"), is_url("photos/a.png")
        (True, True, False)
    """
    return re.match(r"[A-Za-z][\w+.-]+://", str(place)) is not None
