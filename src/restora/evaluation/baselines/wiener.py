"""Wiener's filters: deconvolution of a known blur, and smoothing of known noise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

NOISE_TO_SIGNAL = 0.01
"""Ratio of the powers of noise and image, taken to be the same at all frequencies."""
WINDOW = 5
"""Side of the windows of `smooth` in pixels."""

Image = NDArray[np.float64]


@dataclass(frozen=True)
class AssumedBlur:
    """A blur that nobody measured: without an estimate, one for all images is all there is."""

    words: str
    psf: Callable[[], Image]


def disc(radius: float) -> Image:
    """Point spread function of a lens out of focus, edges anti-aliased, of sum 1."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    weights = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(weights / weights.sum())


def line(length: int) -> Image:
    """Point spread function of a camera that moves sideways at constant speed, of sum 1."""
    return np.full((1, length), 1 / length)


ASSUMED: Mapping[str, AssumedBlur] = {
    "defocus": AssumedBlur("disc of radius 3", lambda: disc(3)),
    "deblur": AssumedBlur("horizontal line of 9 pixels", lambda: line(9)),
}
"""Task -> the blur that is taken back."""


def deconvolve(image: NDArray[np.floating], psf: Image, noise_to_signal: float = NOISE_TO_SIGNAL) -> Image:
    """Undo a convolution as well as the mean squared error allows.

    Multiplies the spectrum by conj(H) / (abs(H)^2 + noise_to_signal); the border is continued by reflection.

    Args:
        image: (H, W, 3), both sides larger than the point spread function.
        psf: (h, w) with odd sides, of sum 1.
        noise_to_signal: Larger is smoother.

    Returns:
        (H, W, 3), not clamped.
    """
    height, width = image.shape[:2]
    margin = [min(4 * side, extent - 1) for side, extent in zip(psf.shape, (height, width), strict=True)]
    padded = np.pad(
        image.astype(np.float64), ((margin[0],) * 2, (margin[1],) * 2, (0, 0)), mode="reflect"
    )  # (H', W', 3)
    kernel = np.zeros(padded.shape[:2])
    kernel[: psf.shape[0], : psf.shape[1]] = psf
    kernel = np.roll(kernel, (-(psf.shape[0] // 2), -(psf.shape[1] // 2)), axis=(0, 1))
    transfer = np.fft.rfft2(kernel)
    inverse = np.conj(transfer) / (np.abs(transfer) ** 2 + noise_to_signal)
    # A flat area stays as it is, whatever the ratio.
    inverse = inverse / inverse[0, 0]
    restored = np.fft.irfft2(
        np.fft.rfft2(padded, axes=(0, 1)) * inverse[..., None], s=kernel.shape, axes=(0, 1)
    )
    return np.asarray(restored[margin[0] : margin[0] + height, margin[1] : margin[1] + width])


def smooth(image: NDArray[np.floating], sigma: float) -> Image:
    """Smooth more where windows hold no more than noise: the adaptive filter of Lee (1980), MATLAB's ``wiener2``.

    Args:
        image: (H, W, 3) in [0, 1].
        sigma: Strength of the noise in grey levels of 255.
    """
    noisy = image.astype(np.float64)
    mean = cv2.blur(noisy, (WINDOW, WINDOW))
    variance = np.maximum(cv2.blur(noisy**2, (WINDOW, WINDOW)) - mean**2, 0)
    noise = (sigma / 255) ** 2
    share = np.maximum(variance - noise, 0) / np.maximum(variance, max(noise, 1e-12))
    return np.asarray(mean + share * (noisy - mean))
