"""The one exception a user meets, and the hint that names what they may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


class RestoraError(Exception):
    """Something the user can mend: the message is one line that names the file or value and the remedy.

    The command line prints the message without a traceback; everything else is a defect, see `restora.failures`.
    """


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
