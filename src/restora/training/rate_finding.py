"""Which learning rate a recipe should take: short runs of it, alike in all but the rate."""

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from restora.errors import RestoraError
from restora.training.divergence import DivergedError
from restora.training.loop import Report, Trainer
from restora.training.recipe import Recipe
from restora.training.sections import ValidationSection

FACTORS = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)
"""Rates that are tried, times the recipe's."""
LAST = 4
"""The last so many reports out of `REPORTS` are averaged: what a run came to, not how it began."""
REPORTS = 16


@dataclass(frozen=True)
class Attempt:
    """A short run.

    Attributes:
        learning_rate: Highest rate of its schedule.
        loss: Mean of its last quarter; infinite where the run diverged.
    """

    learning_rate: float
    loss: float


def find_rate(
    recipe: Recipe,
    steps: int = 160,
    init: dict[str, Tensor] | None = None,
    report: Callable[[Attempt], None] = lambda attempt: None,
) -> list[Attempt]:
    """Train for a few steps with each of several learning rates, from the same weights on the same crops.

    The schedule is the recipe's, pressed into the few steps, warm-up included; the crops are those of its first stage.
    So the winner is the rate for a short run: a long one may take half of it, seldom more.

    Args:
        recipe: What to train.
        steps: Of each run, `REPORTS` at least.
        init: Weights to start from; fresh ones when left out.
        report: Called after each run.

    Returns:
        An attempt for each rate, from the lowest rate to the highest.

    Raises:
        RestoraError: As `Trainer`, too few steps, or an interrupt.
    """
    if steps < REPORTS:
        raise RestoraError(f"a learning rate is found in {REPORTS} steps or more, got {steps}")
    attempts = []
    for factor in FACTORS:
        rate = factor * recipe.optimizer.learning_rate
        attempt = Attempt(rate, _final_loss(_shortened(recipe, rate, steps), init))
        report(attempt)
        attempts.append(attempt)
    return attempts


def best_attempt(attempts: list[Attempt]) -> Attempt:
    """Return the attempt with the lowest loss.

    Raises:
        RestoraError: All of them diverged.
    """
    best = min(attempts, key=lambda attempt: attempt.loss)
    if math.isinf(best.loss):
        raise RestoraError(
            f"all runs diverged, from a learning rate of {attempts[0].learning_rate:g} on; lower optimizer.learning_rate"
        )
    return best


def _shortened(recipe: Recipe, rate: float, steps: int) -> Recipe:
    optimizer, first = recipe.optimizer, recipe.stages[0]
    pressed = {
        "learning_rate": rate,
        "schedule": "cosine",
        "warmup": min(optimizer.warmup, steps // 8),
        "adamw_learning_rate": optimizer.adamw_learning_rate
        and optimizer.adamw_learning_rate * rate / optimizer.learning_rate,
    }
    return recipe.model_copy(
        update={
            "optimizer": optimizer.model_copy(update=pressed),
            "stages": (first.model_copy(update={"steps": steps, "learning_rate": None}),),
            "validation": ValidationSection(),
            "track": (),
            "fsdp": False,
            "compile": False,  # takes longer than the steps that it would make faster
        }
    )


def _final_loss(recipe: Recipe, init: dict[str, Tensor] | None) -> float:
    reports: list[Report] = []
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(recipe, Path(folder), reports.append, recipe.steps // REPORTS)
        if init is not None:
            trainer.initialise(init)
        try:
            finished = trainer.run()
        except DivergedError:
            return math.inf
    if not finished:
        raise RestoraError("stopped before a learning rate was found; nothing was kept")
    return sum(report.loss for report in reports[-LAST:]) / LAST
