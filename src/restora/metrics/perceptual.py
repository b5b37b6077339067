"""LPIPS and DISTS: how different two images look to networks that were trained to recognise things."""

import os
import pickle
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from restora.errors import RestoraError

_TENSORS_ALONE = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""Variable of the environment by which `torch.load` refuses pickles, whatever its caller says."""


def lpips(image: ArrayLike, reference: ArrayLike) -> float:
    """Return the distance by AlexNet's features, version 0.1; lower is more alike.

    Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018. As Restormer's
    script for defocus deblurring: RGB in [0, 1], which the package stretches to [-1, 1] itself (``normalize=True``).

    Args:
        image: (H, W, 3) in [0, 1].
        reference: The same shape.

    Raises:
        ValueError: The shapes differ.
        RestoraError: The package is missing, or its weights cannot be had: it fetches AlexNet when first used.

    Example:
        >>> lpips(np.zeros((64, 64, 3)), np.zeros((64, 48, 3)))
        Traceback (most recent call last):
        ValueError: the images have different shapes, (64, 64, 3) and (64, 48, 3)
    """
    pair = _pair(image, reference)
    with torch.inference_mode():
        return float(_lpips()(*pair, normalize=True))


def dists(image: ArrayLike, reference: ArrayLike) -> float:
    """Return the distance in structure and texture by VGG's features; lower is more alike, 0 is the same.

    Ding et al., "Image quality assessment: unifying structure and texture similarity", TPAMI 2020, with the authors'
    weights, by torchmetrics; at the size that the images have.

    Args:
        image: (H, W, 3) in [0, 1].
        reference: The same shape.

    Raises:
        ValueError: The shapes differ.
        RestoraError: The package is missing, or VGG's weights cannot be had: it fetches them when first used.

    Example:
        >>> dists(np.zeros((64, 64, 3)), np.zeros((64, 48, 3)))
        Traceback (most recent call last):
        ValueError: the images have different shapes, (64, 64, 3) and (64, 48, 3)
    """
    pair = _pair(image, reference)
    with torch.inference_mode():
        return float(_dists()(*pair))


def as_batch(image: ArrayLike, dtype: type = np.float32) -> torch.Tensor:
    """Turn an image (H, W, C) into a batch of one, (1, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(np.asarray(image, dtype).transpose(2, 0, 1)))[None]


def _pair(image: ArrayLike, reference: ArrayLike) -> tuple[torch.Tensor, torch.Tensor]:
    a, b = as_batch(image), as_batch(reference)
    if a.shape != b.shape:
        shapes = (np.shape(one) for one in (image, reference))
        raise ValueError("the images have different shapes, {} and {}".format(*shapes))
    return a, b


@cache
def _lpips() -> Any:
    """The package's network, built once."""
    try:
        from lpips import LPIPS
    except ImportError as error:
        raise RestoraError("LPIPS needs its authors' package; pip install 'restora[lpips]'") from error
    return _fetched("LPIPS", lambda: LPIPS(net="alex", verbose=False))


@cache
def _dists() -> Any:
    try:
        from torchmetrics.functional.image.dists import DISTSNetwork
    except (ImportError, RuntimeError) as error:  # RuntimeError: a torchvision of another torch
        raise RestoraError("DISTS needs torchmetrics; pip install 'restora[scores]'") from error
    return _fetched("DISTS", DISTSNetwork)


def _fetched(name: str, build: Callable[[], Any]) -> Any:
    """Build a network, whose package may load its weights as a pickle that runs code: torch is told to read tensors alone."""
    before = os.environ.get(_TENSORS_ALONE)
    os.environ[_TENSORS_ALONE] = "1"
    try:
        return build().eval()
    except pickle.UnpicklingError as error:
        raise RestoraError(
            f"{name}: the weights hold more than tensors; remove them from torch's cache"
        ) from error
    except OSError as error:
        raise RestoraError(f"{name}: the weights cannot be fetched ({error}); connect once") from error
    finally:
        del os.environ[_TENSORS_ALONE]
        if before is not None:
            os.environ[_TENSORS_ALONE] = before
