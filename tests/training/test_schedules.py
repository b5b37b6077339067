"""Learning rates at the steps that the papers' tables fix."""

import pytest

from restora.training.schedules import learning_rate
from restora.training.sections import OptimizerSection, StageSection


def stages(*steps: int, **last: float) -> list[StageSection]:
    sections = [StageSection(steps=n, patch=8, batch=1) for n in steps]
    return [*sections[:-1], sections[-1].model_copy(update=last)]


def test_cosine_over_all_stages_together() -> None:
    settings = OptimizerSection(learning_rate=2.0, warmup=0, final_learning_rate=1.0)
    rates = [learning_rate(step, settings, stages(60, 40)) for step in range(101)]
    assert rates[0] == 2.0
    assert rates[50] == pytest.approx(1.5)
    assert rates[100] == pytest.approx(1.0)
    assert rates == sorted(rates, reverse=True)


def test_a_stage_with_a_rate_of_its_own_starts_anew() -> None:
    # DiNAT-IR: 600,000 steps from 3e-4, then 200,000 from 1e-4, each down to 1e-6
    settings = OptimizerSection(learning_rate=3e-4, warmup=0, final_learning_rate=1e-6)
    plan = stages(600, 200, learning_rate=1e-4)
    assert learning_rate(0, settings, plan) == 3e-4
    assert learning_rate(599, settings, plan) == pytest.approx(1e-6, rel=3e-3)
    assert learning_rate(600, settings, plan) == 1e-4
    assert learning_rate(700, settings, plan) == pytest.approx((1e-4 + 1e-6) / 2)
    assert learning_rate(799, settings, plan) == pytest.approx(1e-6, rel=1e-2)


def test_warm_up_only_at_the_start() -> None:
    settings = OptimizerSection(learning_rate=1.0, warmup=4, schedule="constant")
    plan = stages(10, 10, learning_rate=0.5)
    assert [learning_rate(step, settings, plan) for step in (0, 1, 3, 4, 9, 10, 19)] == [
        0.25,
        0.5,
        1,
        1,
        1,
        0.5,
        0.5,
    ]


def test_multistep_falls_at_its_milestones() -> None:
    settings = OptimizerSection(
        learning_rate=1.0, warmup=0, schedule="multistep", milestones=(3, 6), gamma=0.1
    )
    rates = [learning_rate(step, settings, stages(10)) for step in (0, 2, 3, 5, 6, 9)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_cyclic_restarts_and_repeats_the_last_cycle() -> None:
    settings = OptimizerSection(
        learning_rate=1.0, warmup=0, schedule="cyclic", cycles=(4, 8), final_learning_rate=0.0
    )
    rates = [learning_rate(step, settings, stages(40)) for step in (0, 2, 4, 8, 12, 16, 20)]
    assert rates == pytest.approx([1, 0.5, 1, 0.5, 1, 0.5, 1])
