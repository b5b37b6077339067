"""Classical methods as baselines: they show what a network adds.

A baseline is built for a task and, for those that take it, a strength of noise. What it assumes is in its settings, which
every evaluation records.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.evaluation.record import Setting

Pixels = NDArray[Any]


@dataclass(frozen=True)
class Baseline:
    """A classical method, ready to run.

    Attributes:
        title: For tables.
        settings: What it assumes.
        restore: (H, W, 3) float32, in [0, 1] or a little beyond -> the same shape, float.
    """

    title: str
    settings: Mapping[str, Setting]
    restore: Callable[[NDArray[np.float32]], Pixels]


def _input(task: str, sigma: float | None) -> Baseline:
    return Baseline("degraded input", {}, lambda image: image)


def _bm3d(task: str, sigma: float | None) -> Baseline:
    from restora.evaluation.baselines.bm3d import bm3d

    return _with_sigma("BM3D", bm3d, sigma)


def _nlmeans(task: str, sigma: float | None) -> Baseline:
    from restora.evaluation.baselines.non_local_means import non_local_means

    return _with_sigma("OpenCV non-local means", non_local_means, sigma)


def _dark_channel(task: str, sigma: float | None) -> Baseline:
    from restora.evaluation.baselines.dark_channel import OMEGA, PATCH, RADIUS, SMOOTHNESS, dehaze

    assumed = {"patch": PATCH, "omega": OMEGA, "guided_radius": RADIUS, "guided_epsilon": SMOOTHNESS}
    return Baseline("dark channel prior", assumed, dehaze)


def _wiener(task: str, sigma: float | None) -> Baseline:
    from restora.evaluation.baselines import wiener

    if task in wiener.ASSUMED:
        assumed = wiener.ASSUMED[task]
        settings: dict[str, Setting] = {"psf": assumed.words, "noise_to_signal": wiener.NOISE_TO_SIGNAL}
        return Baseline(
            "Wiener deconvolution", settings, lambda image: wiener.deconvolve(image, assumed.psf())
        )
    return _with_sigma("adaptive Wiener filter", wiener.smooth, sigma)


def _median(task: str, sigma: float | None) -> Baseline:
    from restora.evaluation.baselines.median import WINDOW, median

    return Baseline(f"median {WINDOW} x {WINDOW}", {"window": WINDOW}, median)


BASELINES: Mapping[str, Callable[[str, float | None], Baseline]] = {
    "input": _input,
    "bm3d": _bm3d,
    "nlmeans": _nlmeans,
    "dark-channel": _dark_channel,
    "wiener": _wiener,
    "median": _median,
}
"""Name -> what builds the baseline from the task of the benchmark and the strength of noise, None to estimate it."""


def baseline(name: str, *, task: str = "any", sigma: float | None = None) -> Baseline:
    """Build a baseline.

    Args:
        name: One of `BASELINES`.
        task: Of the benchmark: it chooses between Wiener's filters.
        sigma: Of the noise in grey levels of 255; None to estimate it from every image. Ignored where none is needed.

    Raises:
        RestoraError: There is no such baseline, or its package is missing.

    Example:
        >>> baseline("median").settings
        {'window': 3}
    """
    if name not in BASELINES:
        raise RestoraError(f"unknown method {name!r}; there are: {', '.join(BASELINES)}")
    return BASELINES[name](task, sigma)


def _with_sigma(
    title: str, restore: Callable[[NDArray[np.float32], float], Pixels], sigma: float | None
) -> Baseline:
    """A baseline that is told the strength of noise, or estimates it from every image."""
    if sigma is not None:
        return Baseline(title, {"sigma": float(sigma)}, lambda image: restore(image, sigma))
    from restora.evaluation.baselines.noise_level import noise_level

    return Baseline(
        f"{title}, estimated noise", {"sigma": "estimated"}, lambda image: restore(image, noise_level(image))
    )
