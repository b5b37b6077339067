"""From what is wrong with a picture to the weights that mend it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from restora.checkpoints.tasks import tasks_with_weights
from restora.diagnosis.findings import SURE, Diagnosis

REMEDIES = {
    "noise": "denoise-real",
    "jpeg": "denoise-real",
    "rain": "derain",
    "snow": "desnow",
    "haze": "dehaze",
    "motion": "deblur",
    "defocus": "defocus",
}
"""Damages -> tasks, in the order in which they are mended: noise first, for sharpening would raise it; blur last."""

THRESHOLDS = {
    "noise": 0.5,
    "jpeg": 0.5,
    "rain": 0.8,
    "snow": 0.8,
    "haze": 0.8,
    "motion": 0.8,
    "defocus": 0.8,
}
"""Confidences from which on a damage is mended; chosen by gain and harm, see docs/diagnosis.md."""

LEFT_ALONE = ("clean", "motion")
"""What a picture must not look like most for weights for ``any`` damage to be tried: of motion blur they take nothing, and what is
soft and pale they take for hazy. See docs/diagnosis.md."""

INDEPENDENT_NOISE = "denoise"
"""Task of noise that is independent from pixel to pixel, as benchmarks have it; other noise is no Gaussian one."""
INDEPENDENT = 0.3
"""Probability of a coarse grain below which noise may be independent; `AutoRestorer` tries its weights on a window."""

MOST = 2
"""Weights that are applied one after the other at most."""


@dataclass(frozen=True)
class Treatment:
    """What to do with a picture.

    Attributes:
        tasks: To be done in this order; none leaves the picture as it is.
        missing: Tasks that are due, but have no weights in the package.
    """

    tasks: tuple[str, ...]
    missing: tuple[str, ...] = ()


def treatment_of(diagnosis: Diagnosis, available: Callable[[], set[str]] | None = None) -> Treatment:
    """Decide what to do with a picture.

    At most two damages are mended, the surest ones, noise before blur. Where a damage is found but its weights are not
    there, ``any`` weights do what they can, if there are some; so they do for a picture that is damaged in a way that
    is not sure. Where clean or moved is likeliest it is left alone: wrong weights do more harm than none.

    Args:
        diagnosis: Of the picture.
        available: Returns the tasks that there are weights for; by default, those in the package.
    """
    there = (available or _tasks_in_package)()
    sure = [name for name, least in THRESHOLDS.items() if diagnosis[name] >= least]
    ranked = sorted(sure, key=lambda name: -diagnosis[name])
    due: dict[str, list[str]] = {}
    for name in ranked:
        task = _remedy(name, diagnosis, there)
        if task in due or len(due) < MOST:
            due.setdefault(task, []).append(name)
    missing = tuple(task for task in _ordered(due) if task not in there)
    tasks = tuple(task for task in _ordered(due) if task in there)
    if "any" in there and (missing or not tasks) and diagnosis.likeliest not in LEFT_ALONE:
        return Treatment(("any",), missing)
    return Treatment(tasks, missing)


def _remedy(name: str, diagnosis: Diagnosis, there: set[str]) -> str:
    independent = diagnosis.noise_coarseness < INDEPENDENT and diagnosis["jpeg"] < SURE
    return (
        INDEPENDENT_NOISE
        if name == "noise" and independent and INDEPENDENT_NOISE in there
        else REMEDIES[name]
    )


def _ordered(tasks: dict[str, list[str]]) -> list[str]:
    order = [INDEPENDENT_NOISE, *REMEDIES.values()]
    return sorted(tasks, key=order.index)


@cache
def _tasks_in_package() -> set[str]:
    return {*tasks_with_weights()}
