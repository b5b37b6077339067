"""A picture to be damaged, without a photograph."""

import cv2
import numpy as np


def dead_leaves(height: int = 480, width: int = 640) -> np.ndarray:
    """Discs of all sizes and colours over each other, with the statistics of photographs; (height, width, 3) uint8."""
    random = np.random.default_rng(3)
    picture = np.zeros((height, width, 3), np.uint8)
    for _ in range(height * width // 100):
        radius = int(min(90, 3 / random.uniform(0.02, 1) ** 1.2))
        centre = int(random.integers(-20, width + 20)), int(random.integers(-20, height + 20))
        colour = random.uniform(20, 235) * random.uniform(0.6, 1, 3)
        cv2.circle(picture, centre, radius, [int(c) for c in colour], -1, cv2.LINE_AA)
    return picture
