"""Flips and quarter turns of square crops, the same for all images of a pair."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Augmentation = Literal["none", "mirror", "flips", "all"]
"""Which symmetries are drawn, each with the same probability.

- ``none``: the crop as it is (DiNAT-IR on SIDD).
- ``mirror``: half of the crops with left and right exchanged (ChaIR).
- ``flips``: mirrored, upside down, both or neither; keeps what is level level.
- ``all``: all eight flips and quarter turns (DiNAT-IR elsewhere, Restormer).
"""

_VIEW = 3  # channels of one view of a dual-pixel sensor


@dataclass(frozen=True)
class Symmetry:
    """One of the eight symmetries of a square, applied in this order.

    Attributes:
        mirrored: Left and right are exchanged.
        flipped: Top and bottom are exchanged.
        transposed: Rows become columns.

    Example:
        >>> Symmetry(mirrored=True, flipped=False, transposed=True).apply(np.array([[[1], [2]], [[3], [4]]]))[..., 0]
        array([[2, 4],
               [1, 3]])
    """

    mirrored: bool = False
    flipped: bool = False
    transposed: bool = False

    def apply(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return a view or copy of an image, turned.

        A mirror exchanges the two views of a dual-pixel sensor, as it would before a real one; the networks for DPDD
        were trained so. Transposing leaves them, as those networks saw it, though no sensor has views above each other.

        Args:
            pixels: (H, W, C); six channels are the left and the right view of a dual-pixel sensor.
        """
        if self.mirrored:
            pixels = pixels[:, ::-1]
            if pixels.shape[2] == 2 * _VIEW:
                pixels = np.concatenate((pixels[..., _VIEW:], pixels[..., :_VIEW]), axis=2)
        if self.flipped:
            pixels = pixels[::-1]
        return pixels.swapaxes(0, 1) if self.transposed else pixels


def draw_symmetry(random: np.random.Generator, augmentation: Augmentation) -> Symmetry:
    """Draw one of the symmetries; always takes as much of the generator, so that what follows does not change."""
    mirrored, flipped, transposed = (bool(bit) for bit in random.integers(0, 2, 3))
    return Symmetry(
        mirrored and augmentation != "none",
        flipped and augmentation in ("flips", "all"),
        transposed and augmentation == "all",
    )
