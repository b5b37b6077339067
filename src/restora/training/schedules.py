"""Learning rate as a pure function of the step, so that a resumed run needs no state for it."""

import math


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
