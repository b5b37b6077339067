"""How strong is the noise of an image?"""

import cv2
import numpy as np
from numpy.typing import NDArray

_WAVELET = np.array([-0.12940952255092145, -0.22414386804185735, 0.836516303737469, -0.48296291314469025])
"""High-pass filter of Daubechies' wavelet with two vanishing moments: slopes do not count as noise."""
_NORMAL_MEDIAN = 0.6744897501960817
"""Median of the absolute value of a standard normal variable."""


def noise_level(image: NDArray[np.floating]) -> float:
    """Estimate the standard deviation of independent Gaussian noise, in grey levels of 255.

    The median of the absolute finest diagonal wavelet coefficients, over 0.6745, averaged over the channels: Donoho and
    Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 1994. Texture makes it a little too high.

    Args:
        image: (H, W, C) in [0, 1], both sides at least 4.

    Example:
        >>> noise = np.random.default_rng(0).normal(0.5, 25 / 255, (64, 64, 3))
        >>> 23 < noise_level(noise) < 27
        True
    """
    detail = cv2.sepFilter2D(image.astype(np.float64), cv2.CV_64F, _WAVELET, _WAVELET)[2:-2:2, 2:-2:2]
    deviations = np.median(np.abs(detail.reshape(-1, detail.shape[-1])), axis=0) / _NORMAL_MEDIAN
    return float(255 * deviations.mean())
