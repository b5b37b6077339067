"""The one exception a user meets, in words that any terminal can show, and the hint that names what they may have meant."""

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from traceback import walk_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # most errors are not pydantic's
    from pydantic import ValidationError


class RestoraError(Exception):
    r"""Something the user can mend: the message is one line that names the file or value and the remedy.

    The command line prints the message without a traceback; everything else is a defect, see `restora.failures`.
    Names of files and keys go into it as they are: it makes them `printable` itself.

    Args:
        message: What is wrong, with what, and what helps.
        passed_on: The error of restora that the words are of, if it was raised elsewhere; its entry is this one's.

    Attributes:
        entry: Where the documentation tells more: a page and, on it, the module that raised the error.

    Example:
        >>> import restora
        >>> try:
        ...     restora.load_model("nosuch")
        ... except restora.RestoraError as error:
        ...     print(error, error.entry, sep="\n")
        nosuch: no such file, and no such weights in the package; there are: any-chair-tiny, ...
        troubleshooting#checkpoints-loading
    """

    def __init__(self, message: object, passed_on: BaseException | None = None) -> None:
        super().__init__(printable(message))
        raising = sys._getframe(1)
        while raising.f_back and raising.f_locals.get("self") is self:  # the constructors of subclasses
            raising = raising.f_back
        if passed_on is not None:
            *_, (raising, _) = walk_tb(passed_on.__traceback__)
        module = str(raising.f_globals.get("__name__", ""))
        self.entry = f"troubleshooting#{module.removeprefix('restora.').replace('.', '-')}"


class MissingPackageError(RestoraError, ImportError):
    """A module of restora cannot be imported without the package of another."""


def printable(text: object) -> str:
    r"""Write out what a terminal would obey or break a line at: escapes, control characters, marks of direction.

    Args:
        text: Anything that comes from a file or is the name of one.

    Example:
        >>> printable("a\x1b[2Jb\nc")
        'a\\x1b[2Jb\\nc'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def shortened(text: str, most: int = 80) -> str:
    """Return a text of at most so many characters, for a message.

    Example:
        >>> shortened("abcdefgh", 6)
        'abc...'
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def first_problem(error: "ValidationError") -> tuple[tuple[str, ...], str]:
    """Return where the first thing is that pydantic found, from the outermost part on, and what it is."""
    first = error.errors(include_url=False, include_input=False)[0]
    return tuple(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")


def suggestion(word: str, known: Iterable[str]) -> str:
    """Continue a message about an unknown word: with the nearest word that is known, or with all of them.

    Example:
        >>> "unknown kind jpg" + suggestion("jpg", ["rain", "jpeg"])
        'unknown kind jpg, did you mean jpeg?'
        >>> "unknown kind fog" + suggestion("fog", ["rain", "jpeg"])
        'unknown kind fog; there are: rain, jpeg'
    """
    known = list(known)
    near = get_close_matches(word, known, n=1)
    return f", did you mean {near[0]}?" if near else f"; there are: {', '.join(known)}"
