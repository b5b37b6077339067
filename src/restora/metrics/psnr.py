"""Peak signal-to-noise ratio."""

import numpy as np
from numpy.typing import ArrayLike


def psnr(image: ArrayLike, reference: ArrayLike, *, peak: float) -> float:
    """Return 10 log10(peak^2 / MSE) in dB over all values of two images, in float64.

    Args:
        image: Any shape.
        reference: The same shape.
        peak: Highest possible value, such as 255 or 1; never guessed.

    Returns:
        The ratio, infinity for equal images.

    Raises:
        ValueError: The shapes differ, or ``peak`` is not positive.

    Example:
        >>> round(psnr([0, 0, 0, 0], [5, 5, 5, 5], peak=255), 4)
        34.1514
    """
    a, b = np.asarray(image, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"the images have different shapes, {a.shape} and {b.shape}")
    if peak <= 0:
        raise ValueError(f"peak must be positive, got {peak}")
    error = float(np.mean((a - b) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(peak**2 / error))


def mean_absolute_error(image: ArrayLike, reference: ArrayLike) -> float:
    """Return the mean of |image - reference| over all values, in the images' own units.

    Raises:
        ValueError: The shapes differ.

    Example:
        >>> mean_absolute_error(np.zeros((2, 2)), np.full((2, 2), 0.5))
        0.5
    """
    a, b = np.asarray(image, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"the images have different shapes, {a.shape} and {b.shape}")
    return float(np.mean(np.abs(a - b)))
