"""Temporal fusion: what flickers in restored frames is averaged along the motion."""

import cv2
import numpy as np

from restora.pixels import to_uint8
from restora.video.color import Floats

MEMORY = 0.8
"""Share of the frames before, at most, in a fused one: noise of independent frames falls to sqrt((1 - m) / (1 + m)) of it."""
TOLERANCE = 2.5
"""Difference from the frame before, moved, at which its share falls to 1/e of `MEMORY`, in units of the median difference, which
is what flickers."""
TOLERANCES = (0.01, 0.08)
"""Least and greatest such difference; white is 1. At a scene cut all differs by more."""
_AROUND = 1.5
"""Standard deviation in pixels of the window in which differences are averaged."""


class TemporalFusion:
    """Fuse each frame with the one before, moved to its place: an exponential average along the motion.

    The motion is that between a frame and the fused one before it, by Dense Inverse Search (Kroeger et al., ECCV 2016). Where
    the two still differ (what was hidden, scene cuts, motion that was not found) the frame stays as it is.

    Attributes:
        before: The last fused frame, (H, W[, C]); the whole state.

    Example:
        >>> fusion = TemporalFusion()
        >>> noise = np.random.default_rng(0).normal(0.5, 0.01, (20, 48, 48, 3)).astype(np.float32)
        >>> fused = [fusion(frame) for frame in noise]
        >>> bool(fused[-1].std() < 0.5 * noise[-1].std())
        True
    """

    def __init__(self, before: Floats | None = None) -> None:
        self.before = before
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __call__(self, frame: Floats) -> Floats:
        """Return the fused frame; (H, W) gray or (H, W, 3)."""
        if self.before is None:
            self.before = frame
            return frame
        moved, inside = self._moved(frame, self.before)
        difference = np.abs(moved - frame)
        difference = difference if difference.ndim == 2 else difference.mean(axis=2)
        difference = cv2.GaussianBlur(difference, (0, 0), _AROUND)
        tolerance = np.clip(TOLERANCE * np.median(difference), *TOLERANCES)
        weight = (MEMORY * np.exp(-np.square(difference / tolerance)) * inside).astype(np.float32)
        self.before = frame + (weight if frame.ndim == 2 else weight[..., None]) * (moved - frame)
        return self.before

    def _moved(self, frame: Floats, before: Floats) -> tuple[Floats, Floats]:
        """Return the frame before, moved to where things are now, and 1 where that lies inside of it."""
        height, width = frame.shape[:2]
        flow = self._flow.calc(_gray(frame), _gray(before), None)  # type: ignore[call-overload]
        y, x = np.mgrid[:height, :width].astype(np.float32)
        x, y = x + flow[..., 0], y + flow[..., 1]
        moved = cv2.remap(before, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        return np.asarray(moved, np.float32), inside.astype(np.float32)


def _gray(image: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return to_uint8(
        image if image.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    )
