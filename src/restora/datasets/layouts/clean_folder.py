"""Layouts of clean images alone, whose degraded partners are made here."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from restora.datasets.inventory import Inventory
from restora.datasets.layouts.layout import Layout
from restora.datasets.pairs import Entry, name_uniquely
from restora.datasets.search import Search, images_below
from restora.datasets.sources import DegradedImage, FileImage, NoisyImage, Source
from restora.errors import RestoraError


@dataclass(frozen=True)
class CleanFolder(Layout):
    """A folder of clean images; the variant says how they are degraded.

    "sigma-25" adds the noise of the Gaussian protocol. Anything else names presets of `restora.degradations`, one after
    the other: "haze-night", or "sensor-strong-jpeg-75" for a noisy camera that saves as JPEG; "clean" leaves them alone.

    Attributes:
        bases: Folders that hold them, beside those named after the split and the benchmark.
    """

    bases: tuple[str, ...] = ()

    @property
    def tree(self) -> str:
        """The folder in words."""
        return "FOLDER with clean images of any format"

    def scan(self, search: Search) -> Inventory | None:
        """Take the first folder that holds images."""
        for base in search.bases(self.bases):
            files = [path for path in images_below(base) if search.wants((path.stem,))]
            if files:
                degraded = _degraded_by(search.variant)
                named = [
                    (path.stem, path.name, Entry(path.stem, degraded(path), FileImage(path)))
                    for path in files
                ]
                return Inventory(self.name, (base,), name_uniquely(named))
        return None


def _degraded_by(variant: str) -> Callable[[Path], Source]:
    """Return what makes the degraded partner of a clean file.

    Example:
        >>> _degraded_by("sigma-25")(Path("a.png")).sigma
        25.0
        >>> from restora.degradations import find_preset
        >>> steps = _degraded_by("sensor-strong-jpeg-75")(Path("a.png")).steps
        >>> steps == (find_preset("sensor/strong"), find_preset("jpeg/75"))
        True
    """
    if noise := re.fullmatch(r"sigma-(\d+(?:\.\d+)?)", variant):
        return partial(NoisyImage, sigma=float(noise[1]))
    words = [] if variant == "clean" else variant.split("-")
    if len(words) % 2:
        raise RestoraError(f"{variant!r}: is no degradation; write sigma-25 or haze-outdoor, for example")
    presets = map("/".join, zip(words[::2], words[1::2], strict=True))
    from restora.degradations import find_preset  # loads torch, which the catalogue does without

    return partial(DegradedImage, steps=tuple(map(find_preset, presets)))
