"""A kill of each command; `benchmarks/attack.py` does hundreds."""

from random import Random

import pytest
from kills import SITUATIONS, Killings

QUICK = ("restore", "pack", "convert")


@pytest.fixture(scope="module")
def killings(tmp_path_factory):
    return Killings(tmp_path_factory.mktemp("killings"), QUICK)


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(n, marks=pytest.mark.slow) for n in SITUATIONS if n not in QUICK)]
)
def test_the_next_run_leaves_what_an_undisturbed_one_does(killings, name):
    assert killings.kill(name, Random(name)).faults == ()
