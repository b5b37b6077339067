from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from restora.degradations.limits import Amount, Share, Within, check_fields


@dataclass(frozen=True)
class Settings:
    number: Annotated[float, Within(0, 1, above=True)] = 0.5
    whole: Annotated[int, Within(1)] = 2
    amount: Amount = (0.0, 0.0)
    share: Share = (0.0, 1.0)
    several: Annotated[tuple[float, ...], Within(0, 1)] = (1.0, 0.5)
    word: Literal["one", "two"] = "one"
    parts: tuple[str, ...] = ("a",)
    free: float = -7


def test_what_is_within_the_limits_passes():
    check_fields(Settings())
    check_fields(Settings(number=1, whole=9, amount=(3, 3), share=(0, 0), several=(0, 1, 0), word="two"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("number", 0, "number must be a number with 0 < number <= 1, got 0"),
        ("number", 1.5, "got 1.5"),
        ("number", float("nan"), "got nan"),
        ("whole", 1.5, "whole must be a whole number with 1 <= whole, got 1.5"),
        ("whole", 0, "got 0"),
        ("amount", (2, 1), r"amount must be two numbers with 0 <= low <= high, got \(2, 1\)"),
        ("amount", (0, float("inf")), "got"),
        ("share", (0, 1.2), r"0 <= low <= high <= 1, got \(0, 1.2\)"),
        ("several", (), "several must be one or more, got none"),
        ("several", (0.5, 2), r"several must be numbers with 0 <= each <= 1, got \(0.5, 2\)"),
        ("word", "three", "word must be one or two, got 'three'"),
        ("parts", (), "parts must be one or more, got none"),
    ],
)
def test_what_is_not_is_refused_with_its_limits(name, value, words):
    with pytest.raises(ValueError, match=words):
        check_fields(Settings(**{name: value}))
