"""Limits of the fields of a degradation: said once, in the type of the field."""

import math
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Within:
    """Limits of a number, of both bounds of a range, or of every number of a list.

    Attributes:
        low: Smallest value.
        high: Largest value.
        above: Whether values must be above ``low``, not equal to it.
    """

    low: float = 0.0
    high: float = math.inf
    above: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether a value is finite and within the limits."""
        return (
            self.low <= value <= self.high and math.isfinite(value) and not (self.above and value == self.low)
        )

    def around(self, words: str) -> str:
        """Write the limits around what they are of.

        Example:
            >>> Within(0, 1).around("share"), Within(above=True).around("low <= high")
            ('0 <= share <= 1', '0 < low <= high')
        """
        above = "" if math.isinf(self.high) else f" <= {self.high:g}"
        return f"{self.low:g} {'<' if self.above else '<='} {words}{above}"


Range: TypeAlias = tuple[float, float]
"""Lowest and highest value of a parameter; equal where it is fixed."""
Amount: TypeAlias = Annotated[Range, Within()]
Share: TypeAlias = Annotated[Range, Within(0, 1)]
Positive: TypeAlias = Annotated[float, Within(above=True)]
Angle: TypeAlias = Annotated[Range, Within(-90, 90)]
"""Degrees."""


@cache
def field_types(described: type) -> dict[str, Any]:
    """Return the types of the fields of a dataclass, with their limits, by name."""
    hints = get_type_hints(described, include_extras=True)
    return {field.name: hints[field.name] for field in fields(described)}


def check_fields(described: Any) -> None:
    """Refuse values that the types of a dataclass's fields do not allow.

    Raises:
        ValueError: A number beyond its limits or no whole one, bounds in the wrong order, an empty list, an
            unknown word. The message names the field, its limits and its value.
    """
    made: type = type(described)
    for name, kind in field_types(made).items():
        value, limits = getattr(described, name), None
        if get_origin(kind) is Annotated:
            kind, limits = get_args(kind)
        allowed = get_args(kind)
        if get_origin(kind) is Literal and value not in allowed:
            raise ValueError(f"{name} must be {' or '.join(allowed)}, got {value!r}")
        if get_origin(kind) is tuple and not value:
            raise ValueError(f"{name} must be one or more, got none")
        if limits is not None:
            _check_numbers(
                name, value, limits, whole=int in (kind, *allowed), ordered=Ellipsis not in allowed
            )


def _check_numbers(name: str, value: Any, limits: Within, *, whole: bool, ordered: bool) -> None:
    several = isinstance(value, tuple | list)
    numbers = list(value) if several else [value]
    sound = all(limits.holds(number) and not (whole and number % 1) for number in numbers)
    if sound and (not ordered or numbers == sorted(numbers)):
        return
    kind = "whole number" if whole else "number"
    if not several:
        what, words = f"a {kind}", name
    else:
        what, words = (f"two {kind}s", "low <= high") if ordered else (f"{kind}s", "each")
    raise ValueError(f"{name} must be {what} with {limits.around(words)}, got {value}")
