"""What every registered degradation owes, in each of its presets and with each word that a field may hold."""

from dataclasses import replace
from typing import Literal, get_args, get_origin

import pytest

from restora.degradations import DEGRADATIONS
from restora.degradations.limits import field_types

KINDS = [kind for kind, made in DEGRADATIONS.items() if made.family or not field_types(made)]
"""All but those that are made of others, of which test_composition.py builds some."""


def examples(kind):
    """Return the presets of a kind, or its defaults, and one more for each word of each field that takes one of several."""
    made = DEGRADATIONS[kind]
    presets = list(made.presets().values()) or [made()]
    words = {
        name: get_args(type_) for name, type_ in field_types(made).items() if get_origin(type_) is Literal
    }
    return [*presets, *(replace(presets[0], **{name: word}) for name in words for word in words[name])]


@pytest.mark.parametrize(
    ("kind", "number"), [(kind, i) for kind in KINDS for i in range(len(examples(kind)))]
)
def test_contract(kind, number, keeps_the_contract):
    keeps_the_contract(examples(kind)[number])


def test_fields_are_described_and_a_kind_belongs_to_one_class():
    for kind, made in DEGRADATIONS.items():
        assert made.kind == kind
        assert all(f"    {name}: " in made.__doc__ for name in field_types(made)), kind
    with pytest.raises(ValueError, match="Rain is the kind rain already"):

        class Drizzle(DEGRADATIONS["rain"], kind="rain"):
            pass
