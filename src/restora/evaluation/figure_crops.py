"""Crops of a picture: read from a command line, checked, or chosen where pictures differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.images.salience import salient_corners

SHARE = 5
"""A crop that is chosen takes this part of the shorter side."""
SMALLEST = 16


@dataclass(frozen=True)
class Crop:
    """A rectangle of a picture, in pixels from its top left corner.

    Example:
        >>> Crop.parse("10,20,64,48")
        Crop(left=10, top=20, width=64, height=48)
    """

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def parse(cls, words: str) -> "Crop":
        """Read ``x,y,width,height``.

        Raises:
            RestoraError: These are not four whole numbers, or there is nothing inside.
        """
        try:
            left, top, width, height = (int(part) for part in words.split(","))
        except ValueError as error:
            raise RestoraError(
                f"crop {words!r}: must be x,y,width,height in whole pixels, such as 120,80,64,64"
            ) from error
        if width < 1 or height < 1:
            raise RestoraError(f"crop {words!r}: width and height must be at least 1 pixel")
        return cls(left, top, width, height)

    def check(self, width: int, height: int) -> None:
        """Make sure that the crop lies inside a picture of that size.

        Raises:
            RestoraError: It does not.
        """
        if self.left < 0 or self.top < 0 or self.left + self.width > width or self.top + self.height > height:
            raise RestoraError(
                f"crop {self}: reaches outside the picture of {width}x{height}; x may be 0 to "
                f"{max(0, width - self.width)} and y 0 to {max(0, height - self.height)} for this size"
            )

    def of(self, image: NDArray[Any]) -> NDArray[Any]:
        """Cut the crop out of an array of shape (H, W, ...)."""
        return image[self.top : self.top + self.height, self.left : self.left + self.width]

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"


def differing_crops(images: Sequence[NDArray[Any]], count: int = 2) -> tuple[Crop, ...]:
    """Choose squares that do not touch where images differ most from each other.

    The difference at a pixel is the standard deviation over the images, averaged over the colours. Of three and more
    the first counts as the input, and it is left out: noise and rain differ from everything, everywhere.

    Args:
        images: At least two of the same shape (H, W, 3), the input first.
        count: How many; fewer come where the picture is too small for more.

    Returns:
        Crops, from the left.
    """
    height, width = images[0].shape[:2]
    side = min(max(SMALLEST, min(height, width) // SHARE), height, width)
    compared = images[1:] if len(images) > 2 else images
    # Row by row: a stack of whole pictures would take several times their memory.
    difference = np.array([np.std(rows, axis=0).mean(axis=1) for rows in zip(*compared, strict=True)])
    # Half a side of distance, so that two crops show two things.
    corners = salient_corners(difference, side, count, side + side // 2)
    return tuple(Crop(left, top, side, side) for top, left in sorted(corners, key=lambda corner: corner[1]))
