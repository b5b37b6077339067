"""Learning rate as a pure function of the step, so that a resumed run needs no state for it."""

import math
from collections.abc import Sequence
from itertools import accumulate

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
    ends = list(accumulate(stage.steps for stage in stages))
    own = {
        end - stage.steps: stage.learning_rate
        for end, stage in zip(ends, stages, strict=True)
        if stage.learning_rate is not None
    }
    start = max((first for first in own if first <= step), default=0)
    end = min((first for first in own if first > step), default=ends[-1])
    peak = own.get(start, optimizer.learning_rate)
    warmup = 0 if start in own else optimizer.warmup
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
            return _half_cosine(done / length, peak, final)
        case "cosine":
            return _half_cosine((step - warmup) / max(1, end - start - warmup), peak, final)


def _half_cosine(progress: float, peak: float, final: float) -> float:
    """Fall from ``peak`` at 0 to ``final`` at 1."""
    return final + (peak - final) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


def _cycle(step: int, lengths: Sequence[int]) -> tuple[int, int]:
    """Return how far a step is in its cycle, and the length of that cycle; the last one is repeated."""
    for length in lengths[:-1]:
        if step < length:
            return step, length
        step -= length
    return step % lengths[-1], lengths[-1]
