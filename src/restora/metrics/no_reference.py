"""Scores of a picture by itself, where there is no clean one: how unlike natural photographs its statistics are.

They rank the amount of noise and blur in pictures of one kind. They do not see what a network has invented, and reward
what is sharp: between methods, believe eyes and the scores that hold a result against a clean picture.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.metrics.perceptual import as_batch

NoReferenceMetric = Callable[[NDArray[Any]], float]
"""Scores a picture (H, W, 3), RGB in [0, 1]."""

PATCH = 96
"""Side of the patches of NIQE in pixels; of fewer than two it has no covariance."""
SMALLEST = 32
"""Shorter side in pixels below which BRISQUE has too few values to fit."""


def niqe(image: NDArray[Any]) -> float:
    """Return the distance to the statistics of undistorted photographs; lower is more natural.

    Mittal, Soundararajan and Bovik, "Making a completely blind image quality analyzer", IEEE Signal Processing Letters 2013,
    with the authors' model, by deepinv.

    Args:
        image: (H, W, 3), RGB in [0, 1]; at least 96 x 192 pixels.

    Raises:
        RestoraError: The image is too small, the package is missing, or the authors' model cannot be fetched.

    Example:
        >>> niqe(np.zeros((96, 96, 3)))
        Traceback (most recent call last):
        restora.errors.RestoraError: NIQE needs two patches of 96 x 96 pixels, got 96 x 96
    """
    height, width = image.shape[:2]
    if (height // PATCH) * (width // PATCH) < 2:
        raise RestoraError(f"NIQE needs two patches of {PATCH} x {PATCH} pixels, got {width} x {height}")
    with torch.inference_mode():
        return float(_model("NIQE")(255 * as_batch(image, np.float64)))


def brisque(image: NDArray[Any]) -> float:
    """Return the distortion as people rated such pictures, about 0 to 100; lower is better.

    Mittal, Moorthy and Bovik, "No-reference image quality assessment in the spatial domain", IEEE Transactions on Image
    Processing 2012, with the authors' regression on the LIVE database, by deepinv.

    Args:
        image: (H, W, 3), RGB in [0, 1]; at least 32 pixels a side.

    Raises:
        RestoraError: The image is too small, the package is missing, or the authors' model cannot be fetched.

    Example:
        >>> brisque(np.zeros((16, 64, 3)))
        Traceback (most recent call last):
        restora.errors.RestoraError: BRISQUE needs 32 pixels a side, got 64 x 16
    """
    if min(image.shape[:2]) < SMALLEST:
        raise RestoraError(f"BRISQUE needs {SMALLEST} pixels a side, got {image.shape[1]} x {image.shape[0]}")
    with torch.inference_mode():
        return float(_model("BRISQUE")(as_batch(image, np.float64)))


NO_REFERENCE: dict[str, NoReferenceMetric] = {"niqe": niqe, "brisque": brisque}
"""By name; of all, lower is better. One of your own is an entry more."""


def no_reference_metric(name: str) -> NoReferenceMetric:
    """Return the score of that name.

    Raises:
        RestoraError: There is none; the message lists those there are.

    Example:
        >>> no_reference_metric("niqe") is niqe
        True
    """
    if name not in NO_REFERENCE:
        raise RestoraError(f"unknown score {name!r}; there are: {', '.join(NO_REFERENCE)}")
    return NO_REFERENCE[name]


@cache
def _model(name: str) -> Any:
    """Build a metric of deepinv, which fetches the authors' model when it is first used."""
    try:
        from deepinv.loss import metric
    except (ImportError, RuntimeError) as error:  # RuntimeError: a torchvision of another torch
        raise RestoraError(
            f"{name} needs deepinv ({' '.join(str(error).split())[:80]}); pip install 'restora[scores]'"
        ) from error
    try:
        return getattr(metric, name)(dtype=torch.float64)
    except OSError as error:
        raise RestoraError(f"{name}: the model cannot be fetched ({error}); connect once") from error
