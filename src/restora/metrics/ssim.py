"""Structural similarity, in every form that this field prints: they differ in the second digit.

Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE TIP 2004. With means,
variances and covariance of two images a, b in a window,

    SSIM = (2 mean_a mean_b + C1) (2 cov + C2) / ((mean_a^2 + mean_b^2 + C1) (var_a + var_b + C2)),

C1 = (0.01 peak)^2, C2 = (0.03 peak)^2. The forms differ in the window, in what happens at the border, and in what
is done to colour and size before. All work in float64 and take (H, W) or (H, W, C).
"""

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = NDArray[np.float64]

RADIUS = 5
GAUSSIAN: Image = np.exp(-(np.arange(-RADIUS, RADIUS + 1) ** 2) / (2 * 1.5**2))
GAUSSIAN /= GAUSSIAN.sum()
"""Eleven taps, sigma 1.5."""

_HALF = (0.0010283804, 0.007598758, 0.036000773, 0.10936069, 0.21300553)
GAUSSIAN_SINGLE: Image = np.array([*_HALF, 0.26601171, *_HALF[::-1]], np.float32).astype(np.float64)
"""The same as pytorch_msssim has it, in single precision: it does not quite sum to one, which shows in the sixth digit."""


def ssim(image: ArrayLike, reference: ArrayLike, *, peak: float) -> float:
    """Mean over windows that lie inside the image; colours are averaged.

    Wang's ``ssim_index.m``, BasicSR, pytorch_msssim, and scikit-image with ``gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False``.

    Args:
        image: (H, W) or (H, W, C), at least 11 x 11.
        reference: The same shape.
        peak: Highest possible value, 1 or 255.

    Raises:
        ValueError: Different shapes, or an image smaller than the window.

    Example:
        >>> ramp = np.arange(400.0).reshape(20, 20)
        >>> ssim(ramp, ramp, peak=399)
        1.0
    """
    a, b = _pair(image, reference, 2 * RADIUS + 1)
    return _mean_inside(a, b, peak, GAUSSIAN)


def ssim_replicated(image: ArrayLike, reference: ArrayLike, *, peak: float) -> float:
    """Mean over all pixels, the border repeated outwards; colours are averaged. MATLAB's ``ssim`` of a gray image.

    Example:
        >>> image = np.random.default_rng(0).random((32, 32, 3))
        >>> round(ssim_replicated(image, image, peak=1.0), 3)
        1.0
    """
    a, b = _pair(image, reference, 1)
    return float(np.mean(_similarity(a, b, peak, _gaussian)))


def ssim_volume(image: ArrayLike, reference: ArrayLike, *, peak: float) -> float:
    """Take the colours for the third axis of a volume and filter along it, too; border repeated, all voxels.

    MATLAB's ``ssim`` of an H x W x 3 array, and ``_ssim_3d`` of NAFNet's and DiNAT-IR's evaluation.

    Args:
        image: (H, W, C).
        reference: The same shape.
        peak: Highest possible value, 1 or 255.

    Example:
        >>> image = np.random.default_rng(0).random((32, 32, 3))
        >>> round(ssim_volume(image, image, peak=1.0), 3)
        1.0
    """
    a, b = _pair(image, reference, 1)
    channels = a.shape[2]
    mixing = np.zeros((channels, channels))  # the filter along the third axis as a matrix
    for row in range(channels):
        for offset, weight in enumerate(GAUSSIAN, start=-RADIUS):
            mixing[row, min(max(row + offset, 0), channels - 1)] += weight
    return float(np.mean(_similarity(a, b, peak, lambda x: _gaussian(x) @ mixing.T)))


def ssim_uniform(image: ArrayLike, reference: ArrayLike, *, peak: float) -> float:
    """Flat windows of 7 x 7, sample covariance, windows inside the image: scikit-image's defaults.

    Example:
        >>> image = np.random.default_rng(0).random((32, 32, 3))
        >>> round(ssim_uniform(image, image, peak=1.0), 3)
        1.0
    """
    a, b = _pair(image, reference, 7)
    similarity = _similarity(
        a, b, peak, lambda x: _channels(cv2.blur(x, (7, 7)), x), covariance_factor=49 / 48
    )
    return float(np.mean(_crop(similarity, 3)))


def ssim_downsampled(image: ArrayLike, reference: ArrayLike, *, peak: float) -> float:
    """`ssim` after reduction by f = round(shorter side / 256), halves upwards: Wang's ``ssim.m``.

    Reduced by the mean of f x f pixels, every f-th kept; where f is even the window leans towards the origin's side as MATLAB's
    ``imfilter`` does, the border mirrored.

    Example:
        >>> image = np.random.default_rng(0).random((32, 32, 3))
        >>> round(ssim_downsampled(image, image, peak=1.0), 3)
        1.0
    """
    a, b = _pair(image, reference, 1)
    factor = max(1, math.floor(min(a.shape[:2]) / 256 + 0.5))
    if factor > 1:
        a, b = (_box_and_decimate(x, factor) for x in (a, b))
    return ssim(a, b, peak=peak)


def ssim_pooled(image: ArrayLike, reference: ArrayLike, *, peak: float, size: tuple[int, int]) -> float:
    """`ssim` of the images averaged to a size, as torch's adaptive average pooling does it: the dehazing scripts.

    Args:
        image: (H, W, C).
        reference: The same shape.
        peak: Highest possible value, 1 or 255.
        size: Height and width to pool to; see `pooled_size`.

    Example:
        >>> image = np.random.default_rng(0).random((32, 32, 3))
        >>> round(ssim_pooled(image, image, peak=1.0, size=(16, 16)), 3)
        1.0
    """
    a, b = _pair(image, reference, 1)
    return _mean_inside(adaptive_average_pool(a, size), adaptive_average_pool(b, size), peak, GAUSSIAN_SINGLE)


def pooled_size(height: int, width: int, multiple: int | None = None) -> tuple[int, int]:
    """Return the size that the dehazing scripts pool to before they measure SSIM.

    Args:
        height: Height of the image in pixels.
        width: Width of the image in pixels.
        multiple: That the script pads to: 4 for ChaIR, 8 for SFNet and FSNet. They count a whole multiple too many where the size
            is one already, which their published numbers depend on. ``None`` counts the image itself (DehazeFormer).

    Example:
        >>> pooled_size(480, 640, 4), pooled_size(480, 640)
        ((242, 322), (240, 320))
    """
    if multiple:
        height, width = ((extent + multiple) // multiple * multiple for extent in (height, width))
    ratio = max(1, round(min(height, width) / 256))  # Python's rounding, halves to even, as in the scripts
    return height // ratio, width // ratio


def adaptive_average_pool(image: Image, size: tuple[int, int]) -> Image:
    """Average (H, W, C) over windows that may overlap: output i covers [floor(i H / h), ceil((i + 1) H / h))."""
    for axis, (extent, wanted) in enumerate(zip(image.shape[:2], size, strict=True)):
        index = np.arange(wanted)
        start, stop = index * extent // wanted, -((-(index + 1) * extent) // wanted)
        sums = np.concatenate([np.zeros_like(image.take([0], axis)), np.cumsum(image, axis)], axis)
        shape = [-1 if i == axis else 1 for i in range(image.ndim)]
        image = (sums.take(stop, axis) - sums.take(start, axis)) / (stop - start).reshape(shape)
    return image


def similarity_map(image: ArrayLike, reference: ArrayLike, *, peak: float) -> Image:
    """Return the similarity (H, W, C) of every pixel in Gaussian windows, the border mirrored: for masks and pictures."""
    a, b = _pair(image, reference, 1)
    mirror = lambda x: _channels(cv2.sepFilter2D(x, -1, GAUSSIAN, GAUSSIAN, borderType=cv2.BORDER_REFLECT), x)  # noqa: E731
    return _similarity(a, b, peak, mirror)


def _similarity(
    a: Image, b: Image, peak: float, average: Callable[[Image], Image], covariance_factor: float = 1.0
) -> Image:
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    mean_a, mean_b = average(a), average(b)
    variances = covariance_factor * (average(a * a) + average(b * b) - mean_a**2 - mean_b**2)
    covariance = covariance_factor * (average(a * b) - mean_a * mean_b)
    return np.asarray(
        (2 * mean_a * mean_b + c1) * (2 * covariance + c2) / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))
    )


def _gaussian(x: Image, taps: Image = GAUSSIAN) -> Image:
    return _channels(cv2.sepFilter2D(x, -1, taps, taps, borderType=cv2.BORDER_REPLICATE), x)


def _mean_inside(a: Image, b: Image, peak: float, taps: Image) -> float:
    """Mean similarity over the windows that lie inside the image."""
    return float(np.mean(_crop(_similarity(a, b, peak, lambda x: _gaussian(x, taps)), RADIUS)))


def _channels(filtered: Any, x: Image) -> Image:
    """Give back the axis of a single channel, which OpenCV drops."""
    return np.asarray(filtered).reshape(x.shape)


def _pair(image: ArrayLike, reference: ArrayLike, smallest: int) -> tuple[Image, Image]:
    a, b = np.asarray(image, np.float64), np.asarray(reference, np.float64)
    if a.shape != b.shape or a.ndim not in (2, 3):
        raise ValueError(
            f"two images (H, W) or (H, W, C) of one shape are needed, got {a.shape} and {b.shape}"
        )
    if min(a.shape[:2]) < smallest:
        raise ValueError(
            f"the images must be at least {smallest} x {smallest}, got {a.shape[0]} x {a.shape[1]}"
        )
    return (a[..., None], b[..., None]) if a.ndim == 2 else (a, b)


def _crop(x: Image, border: int) -> Image:
    return x[border:-border, border:-border]


def _box_and_decimate(x: Image, factor: int) -> Image:
    anchor = (factor - 1) // 2  # MATLAB's centre of an even window is the first of the two in the middle
    flat = cv2.blur(x, (factor, factor), anchor=(anchor, anchor), borderType=cv2.BORDER_REFLECT)
    return _channels(flat, x)[::factor, ::factor]
