"""The dark channel prior: dehazing without learning.

He, Sun, Tang, "Single image haze removal using dark channel prior", CVPR 2009 and TPAMI 2011. Haze adds light; in a clear
outdoor image nearly every neighbourhood has a pixel that is dark in some channel. The transmission is refined with the
guided filter of the same first author in place of the paper's soft matting.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from restora.evaluation.baselines.guided_filter import guided_filter

PATCH = 15
"""Side of the neighbourhoods in pixels (section 3)."""
OMEGA = 0.95
"""Share of the haze that is removed; some is left for far things to look far (eq. 12)."""
LEAST_TRANSMISSION = 0.1
"""Below it, the result would be noise (eq. 16)."""
BRIGHTEST = 0.001
"""Share of the pixels, the haziest, among which the colour of the haze is looked for (section 4.4)."""
RADIUS, SMOOTHNESS = 20, 1e-3
"""Of the guided filter."""

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
