"""What counts as going wrong."""

from pathlib import Path

import pytest
import torch

from restora.errors import RestoraError
from restora.training.divergence import DivergenceWatch


def steps(*losses: float, error: float = 1.0) -> list[torch.Tensor]:
    return [torch.tensor([loss, error]) for loss in losses]


def test_names_the_step_of_a_loss_that_is_not_finite() -> None:
    watch = DivergenceWatch(10, Path("runs/a"))
    with pytest.raises(RestoraError, match=r"the loss is inf in step 99; .* kept in runs/a"):
        watch.check(steps(1, float("inf"), float("nan")), step=100)


def test_an_error_far_above_the_median_is_an_explosion() -> None:
    watch = DivergenceWatch(10, Path("runs/a"))
    watch.check(steps(0, error=100.0), step=1)  # the first reports may be anything
    for step in range(2, 6):
        watch.check(steps(0, error=2.0), step=step)
    watch.check(steps(0, error=19.0), step=6)
    with pytest.raises(RestoraError, match=r"explodes by step 7: 30.0 grey levels, after a median of 2.0"):
        watch.check(steps(0, error=30.0), step=7)
