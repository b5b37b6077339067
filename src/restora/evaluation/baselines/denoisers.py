"""Classical denoisers: BM3D, non-local means and the median, and how strong the noise is that they are told of."""

import cv2
import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.pixels import to_double, to_uint8

STRENGTH = 0.6
"""Filter strength h of non-local means per sigma: the best of 0.4, 0.6 ... 1.2 on kodim01 at sigma 15 and 50."""
WINDOW = 3
"""Side of the median's windows in pixels."""

_WAVELET = np.array([-0.12940952255092145, -0.22414386804185735, 0.836516303737469, -0.48296291314469025])
"""High-pass filter of Daubechies' wavelet with two vanishing moments: slopes do not count as noise."""
_NORMAL_MEDIAN = 0.6744897501960817
"""Median of the absolute value of a standard normal variable."""


def bm3d(image: NDArray[np.floating], sigma: float) -> NDArray[np.float64]:
    """Denoise with the authors' own package: half a minute for a megapixel and longer.

    Dabov et al., "Image denoising by sparse 3-D transform-domain collaborative filtering", IEEE TIP 2007.

    Args:
        image: (H, W, 3) RGB in [0, 1], noise beyond included.
        sigma: Strength of the noise in grey levels of 255.

    Raises:
        RestoraError: The package is not installed.
    """
    try:
        from bm3d import bm3d_rgb
    except ImportError as error:
        raise RestoraError(
            "method bm3d: needs the authors' package (its licence is non-commercial); pip install bm3d"
        ) from error
    return np.asarray(bm3d_rgb(image.astype(np.float64), sigma / 255), dtype=np.float64)


def non_local_means(image: NDArray[np.floating], sigma: float) -> NDArray[np.float64]:
    """Denoise; OpenCV takes 8 bits, so that the image is rounded before.

    Buades et al., "A non-local algorithm for image denoising", CVPR 2005.

    Args:
        image: (H, W, 3) RGB in [0, 1].
        sigma: Strength of the noise in grey levels of 255.
    """
    if sigma <= 0:
        return to_double(image)
    bgr = np.ascontiguousarray(to_uint8(image)[..., ::-1])
    strength = STRENGTH * sigma
    return to_double(cv2.fastNlMeansDenoisingColored(bgr, None, strength, strength, 7, 21)[..., ::-1])


def median(image: NDArray[np.floating]) -> NDArray[np.float32]:
    """Take the median of every window of 3 x 3 in each channel, the border repeated.

    Args:
        image: (H, W, 3).

    Example:
        >>> dot = np.zeros((5, 5, 3), np.float32)
        >>> dot[2, 2] = 1
        >>> float(median(dot).max())
        0.0
    """
    return np.asarray(cv2.medianBlur(np.ascontiguousarray(image, dtype=np.float32), WINDOW))


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
