"""Times on the command line, as people write them."""

import re

from restora.errors import RestoraError


def seconds_of(text: str | float) -> float:
    """Read a time or a duration.

    Args:
        text: Seconds (``90``, ``90s``, ``1.5m``, ``2h``), or ``[HH:]MM:SS[.fraction]``.

    Raises:
        RestoraError: It is none.

    Example:
        >>> [seconds_of(text) for text in ("90", "10s", "1.5m", "1:30", "01:02:03.5", 4)]
        [90.0, 10.0, 90.0, 90.0, 3723.5, 4.0]
    """
    number = r"\d+(?:\.\d*)?|\.\d+"
    if match := re.fullmatch(rf"({number})(s|m|h|)", str(text)):
        return float(match[1]) * {"h": 3600, "m": 60}.get(match[2], 1)
    if match := re.fullmatch(r"(?:(\d+):)?([0-5]?\d):([0-5]?\d(?:\.\d*)?)", str(text)):
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
    raise RestoraError(f"{text!r} is no time; give seconds (90, 10s, 1.5m) or [HH:]MM:SS")
