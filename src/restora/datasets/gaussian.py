"""Test images with the synthetic Gaussian noise that every paper draws alike."""

import numpy as np
from numpy.typing import NDArray


def add_test_noise(clean: NDArray[np.floating], sigma: float) -> NDArray[np.float32]:
    """Add the noise of the published Gaussian test protocol: seed 0 for every image, RGB order, not clipped.

    Args:
        clean: (H, W, 3) in [0, 1], channels in RGB order (another order draws other noise).
        sigma: Standard deviation in grey levels of 255.

    Returns:
        (H, W, 3) float32.

    Example:
        >>> noisy = add_test_noise(np.full((2, 2, 3), 0.5), sigma=25)
        >>> [round(float(v), 4) for v in noisy[0, 0]]
        [0.6729, 0.5392, 0.596]
    """
    # The legacy generator: the protocol is np.random.seed(0) and np.random.normal, whose stream is frozen.
    random = np.random.RandomState(0)
    return (clean.astype(np.float32) + random.normal(0, sigma / 255, clean.shape)).astype(np.float32)
