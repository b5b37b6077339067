"""How images are cut before training, with the sizes and steps that the papers publish."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from restora.datasets.sharp_windows import Window, grid_windows, sharpest
from restora.errors import RestoraError


@dataclass(frozen=True)
class Preparation:
    """What becomes of an image before it is packed.

    Attributes:
        crop: Side of the windows in pixels; 0 leaves images whole.
        step: From one window to the next, in pixels; crop less step is what papers call overlap.
        share: Of the windows of each image to keep, the sharpest ones, in (0, 1].
        above: Images are left whole unless both sides are longer than this.

    Raises:
        RestoraError: A number is out of its range.
    """

    crop: int = 0
    step: int = 0
    share: float = 1.0
    above: int = 0

    def __post_init__(self) -> None:
        if self.crop < 0 or self.above < 0:
            raise RestoraError(f"crop and above must not be negative, got {self.crop} and {self.above}")
        if self.crop and self.step < 1:
            raise RestoraError(f"crops of {self.crop} need a step of at least 1, got {self.step}")
        if not 0 < self.share <= 1:
            raise RestoraError(f"the share of sharp windows must be in (0, 1], got {self.share}")
        if not self.crop and (self.step or self.above or self.share < 1):
            raise RestoraError("step, share and above are about crops; give the side of the crops, too")

    def windows(self, clean: NDArray[Any]) -> list[tuple[str, Window]]:
        """Choose the windows of an image.

        Args:
            clean: (H, W, 3); sharpness is judged on it.

        Returns:
            Each with what it adds to the name of the image, ``_s001`` for the first of the grid; "" for a whole image.
        """
        height, width = clean.shape[:2]
        if not self.crop or min(height, width) <= self.above:
            return [("", Window(0, 0, height, width))]
        grid = grid_windows(height, width, self.crop, self.step)
        numbers = {window: number for number, window in enumerate(grid, start=1)}
        return [(f"_s{numbers[window]:03d}", window) for window in sharpest(clean, grid, self.share)]

    def __str__(self) -> str:
        if not self.crop:
            return "whole images"
        words = f"crops of {self.crop}, step {self.step}"
        words += f", the sharpest {self.share:.0%} of each image" if self.share < 1 else ""
        return words + (f", images of at most {self.above} whole" if self.above else "")


WHOLE = Preparation()
"""Images as they are: Rain13K, and every network trained on full images with random crops."""

PUBLISHED: Mapping[str, Preparation] = {
    "gopro": Preparation(512, 256),
    "sidd": Preparation(512, 384),
    "dpdd": Preparation(512, 204, share=0.7),
    "dfwb": Preparation(512, 416, above=800),
}
"""The preparations of Restormer, which NAFNet and DiNAT-IR share: GoPro 16,824 windows of 2,103 images, SIDD, DPDD
7,000 of 350, and the clean photographs for Gaussian denoising (DIV2K, Flickr2K, BSD400, WED)."""


def published(name: str) -> Preparation:
    """Return a published preparation.

    Raises:
        RestoraError: There is none of that name.

    Example:
        >>> str(published("dpdd"))
        'crops of 512, step 204, the sharpest 70% of each image'
    """
    if name not in PUBLISHED:
        raise RestoraError(f"no preparation is published for {name!r}; there are: {', '.join(PUBLISHED)}")
    return PUBLISHED[name]
