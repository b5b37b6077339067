import pytest

from restora.datasets import BENCHMARKS
from restora.errors import RestoraError
from restora.evaluation.cases import SUITES, Case, cases_of, sigma_of, usual_protocol
from restora.metrics import PROTOCOLS


@pytest.mark.parametrize("name", [*BENCHMARKS, *SUITES])
def test_every_benchmark_has_cases_with_a_protocol(name):
    for case in cases_of(name):
        card = BENCHMARKS[case.benchmark]
        assert card.split(case.split, case.variant).name == case.split
        if name != "dnd":
            assert usual_protocol(case) in PROTOCOLS


def test_sets_for_noise_are_evaluated_at_three_strengths():
    assert [sigma_of(case) for case in cases_of("cbsd68")] == [15, 25, 50]
    assert cases_of("cbsd68", sigmas=[30, 7.5]) == (
        Case("cbsd68", "test", "sigma-30"),
        Case("cbsd68", "test", "sigma-7.5"),
    )
    assert cases_of("cbsd68", variant="sigma-10") == (Case("cbsd68", "test", "sigma-10"),)


def test_suites_are_several_cases_and_their_parts_one():
    assert len(cases_of("rain13k")) == 5
    assert cases_of("rain13k", split="train") == (Case("rain13k", "train"),)
    assert cases_of("dpdd", split="test") == (Case("dpdd", "test", "single"),)


def test_what_cannot_be_is_refused():
    with pytest.raises(RestoraError, match="rain100l: takes no --sigma"):
        cases_of("rain100l", sigmas=[25])
    with pytest.raises(RestoraError, match="unknown benchmark 'rain'"):
        cases_of("rain")
    with pytest.raises(RestoraError, match="restora submit"):
        usual_protocol(Case("dnd", "test"))
