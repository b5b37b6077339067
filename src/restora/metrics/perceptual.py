"""LPIPS: how different two images look to a network that was trained to recognise things."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from restora.errors import RestoraError


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
    """
    a, b = np.asarray(image, dtype=np.float32), np.asarray(reference, dtype=np.float32)
    if a.shape != b.shape:
        raise ValueError(f"the images have different shapes, {a.shape} and {b.shape}")
    import torch

    tensors = [torch.from_numpy(np.ascontiguousarray(one.transpose(2, 0, 1)))[None] for one in (a, b)]
    with torch.inference_mode():
        return float(_network()(*tensors, normalize=True))


@cache
def _network() -> Any:
    """The package's network, built once."""
    try:
        from lpips import LPIPS
    except ImportError as error:
        raise RestoraError("LPIPS needs its authors' package; pip install 'restora[lpips]'") from error
    try:
        return LPIPS(net="alex", verbose=False).eval()
    except OSError as error:
        raise RestoraError(
            f"LPIPS: the weights of AlexNet cannot be fetched ({error}); connect once"
        ) from error
