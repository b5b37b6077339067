"""The guided filter: smoothing that keeps the edges of another image."""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]


def guided_filter(guide: Plane, image: Plane, *, radius: int, epsilon: float) -> Plane:
    """Smooth ``image`` where ``guide`` is smooth.

    In every window the result is the linear function of the guide that fits the image best, with a penalty on its slope;
    a pixel gets the mean over the windows that it lies in. He et al., "Guided image filtering", ECCV 2010, eq. 5 to 8.

    Args:
        guide: (H, W) in [0, 1].
        image: (H, W).
        radius: Of the windows, 2 radius + 1 pixels wide.
        epsilon: The penalty: variance of the guide below which a window counts as flat.
    """

    def mean(plane: Plane) -> Plane:
        # Windows are cut at the border, not continued: what lies outside does not count.
        return np.asarray(
            cv2.boxFilter(plane, -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT) / count
        )

    side = (2 * radius + 1, 2 * radius + 1)
    ones = np.ones_like(guide)
    count = cv2.boxFilter(ones, -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
    guide_mean, image_mean = mean(guide), mean(image)
    slope = (mean(guide * image) - guide_mean * image_mean) / (mean(guide**2) - guide_mean**2 + epsilon)
    offset = image_mean - slope * guide_mean
    return np.asarray(mean(slope) * guide + mean(offset))
