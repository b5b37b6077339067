"""Dark channel prior: dehazing without learning.

He, Sun, Tang, "Single image haze removal using dark channel prior", CVPR 2009 and TPAMI 2011. Haze adds light; in a clear
outdoor image nearly every neighbourhood has a pixel that is dark in some channel. The transmission is refined with the
guided filter of the same first author in place of the paper's soft matting.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

PATCH = 15
"""Side of the neighbourhoods in pixels (section 3)."""
OMEGA = 0.95
"""Share of the haze that is removed; some is left for far things to look far (eq. 12)."""
LEAST_TRANSMISSION = 0.1
"""Below it, the result would be noise (eq. 16)."""
BRIGHTEST = 0.001
"""Share of the pixels, the haziest, among which the colour of the haze is looked for (section 4.4)."""
RADIUS, SMOOTHNESS = 20, 1e-3
"""Radius of the guided filter's windows, and its penalty on slopes."""

Image = NDArray[np.float64]


def dark_channel(image: Image) -> Image:
    """Return the smallest value of all channels in a neighbourhood of each pixel: (H, W, 3) -> (H, W) (eq. 5)."""
    return np.asarray(cv2.erode(image.min(axis=2), np.ones((PATCH, PATCH), np.uint8)))


def atmospheric_light(image: Image) -> Image:
    """Return the colour of the haze, (3,): the brightest of the haziest pixels."""
    dark = dark_channel(image).ravel()
    haziest = np.argsort(dark, kind="stable")[-max(1, int(dark.size * BRIGHTEST)) :]
    candidates = image.reshape(-1, 3)[haziest]
    return np.asarray(candidates[candidates.sum(axis=1).argmax()])


def dehaze(image: NDArray[np.floating]) -> Image:
    """Remove haze.

    Args:
        image: (H, W, 3) RGB in [0, 1].

    Returns:
        (H, W, 3) in [0, 1].
    """
    hazy = image.astype(np.float64)
    light = np.maximum(atmospheric_light(hazy), 1 / 255)
    transmission = 1 - OMEGA * dark_channel(hazy / light)
    guide = np.ascontiguousarray(hazy.mean(axis=2))
    transmission = guided_filter(guide, transmission, radius=RADIUS, epsilon=SMOOTHNESS)
    clear = (hazy - light) / np.clip(transmission, LEAST_TRANSMISSION, 1)[..., None] + light
    return np.asarray(np.clip(clear, 0, 1))


def guided_filter(guide: Image, image: Image, *, radius: int, epsilon: float) -> Image:
    """Smooth ``image`` where ``guide`` is smooth.

    In every window the result is the linear function of the guide that fits the image best, with a penalty on its slope;
    a pixel gets the mean over the windows that it lies in. He et al., "Guided image filtering", ECCV 2010, eq. 5 to 8.

    Args:
        guide: (H, W) in [0, 1].
        image: (H, W).
        radius: Reach of the windows, which are 2 radius + 1 pixels wide.
        epsilon: The penalty: variance of the guide below which a window counts as flat.
    """

    def mean(plane: Image) -> Image:
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
