"""Learning rate as a pure function of the step, so that a resumed run needs no state for it."""

import math
from collections.abc import Sequence

from restora.training.sections import OptimizerSection, StageSection


def learning_rate(step: int, optimizer: OptimizerSection, stages: Sequence[StageSection]) -> float:
    """Return the learning rate of a step, counted from 0 over all stages.

    A stage with a learning rate of its own starts the schedule anew; the stages behind it that have none share it.

    Args:
        step: From 0.
        optimizer: Says which schedule, from which rate.
        stages: Of the recipe.

    Example:
        >>> settings = OptimizerSection(learning_rate=1.0, warmup=2, final_learning_rate=0.0)
        >>> stages = [StageSection(steps=10, patch=8, batch=1)]
        >>> [round(learning_rate(step, settings, stages), 2) for step in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    start, peak, warmup = 0, optimizer.learning_rate, optimizer.warmup
    first = 0
    for stage in stages:  # find the start of the schedule that this step belongs to
        if stage.learning_rate is not None and step >= first:
            start, peak, warmup = first, stage.learning_rate, 0
        first += stage.steps
    total = first - start
    ends = 0
    for stage in stages:  # and its end: where the next one starts
        if stage.learning_rate is not None and ends > start and ends > step:
            total = ends - start
            break
        ends += stage.steps
    step -= start
    if step < warmup:
        return peak * (step + 1) / warmup
    final = optimizer.final_learning_rate
    match optimizer.schedule:
        case "constant":
            return peak
        case "multistep":
            return peak * optimizer.gamma ** sum(step >= milestone for milestone in optimizer.milestones)
        case "cyclic":
            done, length = _cycle(step, optimizer.cycles)
            return warmup_cosine(done, total=length, warmup=0, peak=peak, final=final)
        case "cosine":
            return warmup_cosine(step, total=total, warmup=warmup, peak=peak, final=final)


def warmup_cosine(step: int, *, total: int, warmup: int, peak: float, final: float) -> float:
    """Rise linearly to ``peak`` over ``warmup`` steps, then fall to ``final`` along half a cosine.

    Args:
        step: From 0 to total - 1.
        total: Steps of the whole run.
        warmup: Steps of the rise, fewer than ``total``.
        peak: Highest learning rate.
        final: Learning rate at the end.

    Example:
        >>> [round(warmup_cosine(s, total=10, warmup=2, peak=1.0, final=0.0), 2) for s in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1.0, (step - warmup) / max(1, total - warmup))
    return final + (peak - final) * (1 + math.cos(math.pi * progress)) / 2


def _cycle(step: int, lengths: Sequence[int]) -> tuple[int, int]:
    """Return how far a step is in its cycle, and the length of that cycle; the last one is repeated."""
    for length in lengths[:-1]:
        if step < length:
            return step, length
        step -= length
    return step % lengths[-1], lengths[-1]
