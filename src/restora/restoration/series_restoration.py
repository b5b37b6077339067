"""Restoration of files of several pictures, one at a time: the pages of a document, the frames of an animation."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from restora.images import Photograph, losses
from restora.images.formats import format_to_write
from restora.pixels import full_scale
from restora.restoration.choosing import Choice
from restora.restoration.restorer import Restorer
from restora.restoration.tiled_restoration import Progress

if TYPE_CHECKING:
    from restora.restoration.automatic import AutoRestorer

LOOKED_AT = 5
"""Frames of an animation that are diagnosed: what most of them need is done to all, or it would flicker."""
NAMED = 4
"""Pages that are named where something is true of some of them."""


class SeriesRestoration:
    """Decide what is done to the pictures of a file, do it, and keep account.

    Args:
        restorer: Does the work. Each page is diagnosed by itself.
        photographs: Gives the pictures from the first one on, whenever it is called.
        first: One of them.
        target: Where they go, which `restora.images.holds_all` of them.

    Attributes:
        choices: What is done to each.
        change: Mean change of a restored value in grey levels of 255; known when all are restored.
        used: What the first one that needed it was restored with; see `Restorer`.
    """

    def __init__(
        self,
        restorer: "Restorer | AutoRestorer",
        photographs: Callable[[], Iterator[Photograph]],
        first: Photograph,
        target: Path,
    ) -> None:
        series = first.metadata.series
        assert series is not None
        self.photographs, self.target, self.series = photographs, target, series
        self.kind = format_to_write(target).several.removesuffix("s")
        self.choices = self._chosen(restorer)
        self.change = 0.0
        self.used: tuple[dict[str, Any], ...] = ()
        self._said: dict[str, list[int]] = {}

    def _chosen(self, restorer: "Restorer | AutoRestorer") -> list[Choice]:
        count = self.series.count
        if isinstance(restorer, Restorer):
            return [Choice((restorer,))] * count
        asked = set(range(count))
        if self.kind == "frame":
            asked = {round(place) for place in np.linspace(0, count - 1, LOOKED_AT)}
        choices = [
            replace(restorer.choose(photograph), begun=None)
            for number, photograph in enumerate(self.photographs())
            if number in asked
        ]
        if self.kind == "frame":
            tasks = Counter(choice.tasks for choice in choices).most_common(1)[0][0]
            choices = [next(choice for choice in choices if choice.tasks == tasks)] * count
        return choices

    @property
    def is_restoring(self) -> bool:
        """Whether there is anything to restore."""
        return any(choice.restorers for choice in self.choices)

    def restored(self, progress: Progress | None = None) -> Iterator[Photograph]:
        """Restore the pictures, one after the other.

        Args:
            progress: Called with the finished fraction of all of them.

        Raises:
            Cancelled: That was asked for; see `restora.cancellation`.
            RestoraError: One cannot be read or restored.
        """
        done = 0
        for number, (before, choice) in enumerate(zip(self.photographs(), self.choices, strict=True), 1):
            size = before.height * before.width

            def report(fraction: float, done: int = done, size: int = size) -> None:
                if progress:
                    progress((done + fraction * size) / self.series.pixels)

            after = choice(before, report)
            self.change += mean_change(before, after) * size / self.series.pixels
            self.used = self.used or tuple(restorer.used for restorer in choice.restorers)
            self._note(number, *before.notes, *losses(self.target, after))
            done += size
            yield after

    def _note(self, number: int, *words: str) -> None:
        for each in words:
            self._said.setdefault(each, []).append(number)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found and done, and what could not be kept, with the numbers of the pages of which it is true."""
        said: dict[str, list[int]] = {}
        for number, choice in enumerate(self.choices, 1):
            for words in choice.notes:
                said.setdefault(words, []).append(number)
        return tuple(self._worded(words, numbers) for words, numbers in (said | self._said).items())

    def _worded(self, words: str, numbers: list[int]) -> str:
        if len(numbers) == self.series.count:
            return words
        more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
        named = ", ".join(map(str, numbers[:NAMED]))
        return f"{self.kind}{'s' if len(numbers) > 1 else ''} {named}{more}: {words}"


def mean_change(before: Photograph, after: Photograph) -> float:
    """Return the mean absolute difference of two photographs of one shape and depth, in grey levels of 255.

    Example:
        >>> black, gray = Photograph(np.zeros((4, 4), np.uint16)), Photograph(np.full((4, 4), 257, np.uint16))
        >>> mean_change(black, gray)
        1.0
    """
    # Row by row: a whole picture of differences would be as large again as the photograph.
    rows = zip(before.pixels, after.pixels, strict=True)
    total = sum(float(np.abs(b.astype(np.float64) - a).sum()) for b, a in rows)
    return 255 * total / full_scale(before.pixels.dtype) / before.pixels.size
