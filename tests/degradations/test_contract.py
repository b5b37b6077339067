"""Every registered degradation keeps the contract, in each of its presets and with each word that a field may hold."""

import pytest
from contracts import check_degradation, examples

from restora.degradations import DEGRADATIONS, Rain
from restora.degradations.limits import field_types

KINDS = [kind for kind, made in DEGRADATIONS.items() if made.family or not field_types(made)]
"""All but those that are made of others, of which test_composition.py builds some."""


@pytest.mark.parametrize(
    ("kind", "number"), [(kind, i) for kind in KINDS for i in range(len(examples(kind)))]
)
def test_contract(kind, number):
    check_degradation(examples(kind)[number])


def test_fields_are_described_and_a_kind_belongs_to_one_class():
    for kind, made in DEGRADATIONS.items():
        assert made.kind == kind
        assert all(f"    {name}: " in made.__doc__ for name in field_types(made)), kind
    with pytest.raises(ValueError, match="Rain is the kind rain already"):

        class Drizzle(Rain, kind="rain"):
            pass
