"""Names that files bring with them: names of files, never ways to other folders."""

from typing import Annotated

from pydantic import AfterValidator

from restora.errors import shortened

MAX_BYTES = 200
"""Bytes of a name; file systems allow 255, and endings follow."""


def file_name(name: str) -> str:
    """Return a name if a file may be called after it, in whatever folder, on every system.

    Raises:
        ValueError: It is empty or too long, leads to another folder, is hidden, or cannot be shown.

    Example:
        >>> file_name("denoise (2)")
        'denoise (2)'
        >>> file_name("../denoise")
        Traceback (most recent call last):
        ValueError: the name '../denoise' names no file; take letters, digits, - and _
    """
    if (
        not name
        or name != name.strip(" .")
        or not name.isprintable()
        or set(name) & set('/\\:*?"<>|')
        or len(name.encode()) > MAX_BYTES
    ):
        raise ValueError(f"the name {shortened(name)!r} names no file; take letters, digits, - and _")
    return name


FileName = Annotated[str, AfterValidator(file_name)]
"""Type of a field of a card, a recipe or an index after which a file is called."""
