"""Degradations from what a recipe says of them: ``{kind: rain, density: [1, 3]}`` or ``rain/heavy``."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from pydantic import TypeAdapter, ValidationError

from restora.degradations import DEGRADATIONS, Degradation, find_preset
from restora.degradations.limits import field_types
from restora.errors import RestoraError, first_problem, suggestion

RENAMED = {"chain": "compose", "mixture": "one_of", "unchanged": "identity"}
"""Kinds as older recipes name them."""


def describe(description: Any) -> Degradation:
    """Build a degradation.

    Args:
        description: One of

            - a preset as ``restora degrade`` knows it, ``"rain/heavy"``;
            - ``{"kind": "haze", "beta": [0.6, 1.8], ...}`` with fields of that degradation;
            - ``{"kind": "compose", "steps": [...]}``, one after the other;
            - ``{"kind": "one_of", "parts": [...], "weights": [...]}``, one of them at random;
            - ``{"kind": "coarse", "of": ...}`` or ``uneven``, another one with a coarse grain or in places only; or ``part``, of a larger
              scene.

    Raises:
        ValueError: An unknown kind, preset or key (the nearest one is suggested), or a value out of range.

    Example:
        >>> describe("noise/25").sigma
        (25, 25)
        >>> both = describe({"kind": "compose", "steps": ["noise/25", {"kind": "jpeg", "quality": [40, 90]}]})
        >>> both.steps[1]
        JpegCompression(quality=(40, 90), subsampled=0.5)
    """
    if isinstance(description, str):
        try:
            return find_preset(description)
        except RestoraError as error:
            raise ValueError(str(error)) from error
    if not isinstance(description, Mapping) or "kind" not in description:
        raise ValueError('write a preset such as rain/heavy, or a mapping with a key "kind"')
    kind = str(description["kind"])
    kind = RENAMED.get(kind, kind)
    if kind not in DEGRADATIONS:
        raise ValueError(f"unknown kind {kind}{suggestion(kind, DEGRADATIONS)}")
    values = {key: value for key, value in description.items() if key != "kind"}
    made = DEGRADATIONS[kind]
    make: Callable[..., Degradation] = made
    types = field_types(made)
    for key in values.keys() - types.keys():
        raise ValueError(f"unknown key of {kind} {key}{suggestion(key, types)}")
    required = [name for name, field in signature(make).parameters.items() if field.default is field.empty]
    missing = [name for name in required if name not in values]
    if missing:
        raise ValueError(f"{kind} needs {', '.join(missing)}")
    values = {key: _value(f"{kind}.{key}", types[key], value) for key, value in values.items()}
    try:
        return make(**values)
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from error


def _value(place: str, kind: Any, value: Any) -> Any:
    """Turn what YAML holds into the value of a field."""
    if kind == tuple[Degradation, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{place} must be a list of degradations, got {value!r}")
        return tuple(describe(part) for part in value)
    if kind is Degradation:
        return describe(value)
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        inner, words = first_problem(error)
        raise ValueError(f"{'.'.join((place, *inner))}: {words}") from error
