"""Named protocols: what exactly is done to two images before a score is computed, and which score it is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.metrics.psnr import psnr


@dataclass(frozen=True)
class Protocol:
    """A way of scoring that a paper's script defines.

    Attributes:
        name: Printed beside every number.
        description: Colour space, rounding, crop, metric and aggregation in words.
        score: (restored, clean), both (H, W, 3) float in [0, 1] or beyond, -> dB.
    """

    name: str
    description: str
    score: Callable[[NDArray[np.floating], NDArray[np.floating]], float]


def quantise(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Clamp to [0, 1] and round to 8 bits, as saving a PNG does (ties to even, as ``img_as_ubyte``)."""
    return np.rint(np.clip(np.asarray(image, dtype=np.float64), 0, 1) * 255).astype(np.uint8)


PROTOCOLS: dict[str, Protocol] = {
    p.name: p
    for p in (
        Protocol(
            name="gaussian-rgb8",
            description="Gaussian denoising as Restormer's scripts: noise drawn with numpy.random.seed(0) for every"
            " image on the RGB (H, W, 3) array, not clipped; result clamped and rounded to 8 bits; PSNR with"
            " peak 255 over all RGB values, no border, mean over the images",
            score=lambda restored, clean: psnr(quantise(restored), quantise(clean), peak=255),
        ),
    )
}


def protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises:
        RestoraError: There is none; the message lists those there are.
    """
    if name not in PROTOCOLS:
        raise RestoraError(f"unknown protocol {name!r}; there are: {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
