"""Scenes for the training of the diagnosis: photographs and pages of text in every condition that is no damage."""

import re
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from restora.datasets.drawn_pictures import page_of_text

RGB8 = NDArray[np.uint8]

SIDE = 400
"""Largest side of a scene in pixels."""
LEAST = 256
"""Smallest side that reducing may leave."""
ALREADY = {
    "haze": r"fog|mist|haz|smok|cloud|snow|winter|steam",
    "rain": r"rain|shower",
    "snow": r"snow|winter",
}
"""Damages -> words in the name of a photograph that may show them already."""


@dataclass(frozen=True)
class Scene:
    """A clean picture.

    Attributes:
        picture: (H, W, 3) uint8.
        enlarged: Factor by which it was enlarged, below 1 where it was reduced: soft when it is large.
        doubtful: Damages that it may show already.
    """

    picture: RGB8
    enlarged: float = 1.0
    doubtful: frozenset[str] = frozenset()


def draw_scene(photo: RGB8, name: str, random: np.random.Generator) -> Scene:
    """Draw what a camera might have seen: reduced, enlarged, darker, gray or flipped; now and then a page of text.

    Args:
        photo: A clean photograph, (H, W, 3) uint8.
        name: Of its file, which may say that it shows fog, rain or snow.
        random: Source of everything drawn.
    """
    doubtful = frozenset(damage for damage, words in ALREADY.items() if re.search(words, name.lower()))
    if random.random() < 0.06:
        return Scene(page_of_text(random, SIDE))
    factor = 1.0
    if random.random() < 0.6:
        factor = float(np.exp(random.uniform(np.log(max(0.5, LEAST / min(photo.shape[:2]))), np.log(1.8))))
        ways = [cv2.INTER_AREA] if factor < 1 else [cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4]
        photo = np.asarray(
            cv2.resize(photo, None, fx=factor, fy=factor, interpolation=int(random.choice(ways))), np.uint8
        )
    height, width = (min(SIDE, side) for side in photo.shape[:2])
    top, left = (
        int(random.integers(full - side + 1))
        for full, side in zip(photo.shape, (height, width), strict=False)
    )
    picture = photo[top : top + height, left : left + width]
    if random.random() < 0.5:
        picture = picture[:, ::-1]
    picture = toned(picture, random)
    if random.random() < 0.12:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    return Scene(np.ascontiguousarray(picture), factor, doubtful)


def toned(picture: RGB8, random: np.random.Generator) -> RGB8:
    """Change the light: every eighth picture becomes night, others a little darker, lighter, flatter or more colourful."""
    values = picture.astype(np.float32) / 255
    if random.random() < 0.12:
        tint = np.array([1, random.uniform(0.7, 1), random.uniform(0.5, 1.1)], np.float32)
        values = values ** random.uniform(1.2, 2.2) * random.uniform(0.25, 0.8) * tint
    elif random.random() < 0.5:
        gray = values.mean(axis=2, keepdims=True)
        values = gray + (values - gray) * random.uniform(0.6, 1.3)
        values = np.clip(values, 0, 1) ** random.uniform(0.75, 1.35)
        middle = values.mean()
        values = middle + (values - middle) * random.uniform(0.75, 1.2)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
