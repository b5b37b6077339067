"""Trials: a part of a picture, restored with several weights, to choose before the whole is restored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from restora.errors import RestoraError
from restora.images import Photograph, read
from restora.restoration.choosing import AUTO
from restora.restoration.comparison import detailed_corners
from restora.web.restoring import Offer, Wish
from restora.web.visits import Picture, Visit

SIDE = 160
"""Pixels of the part that is shown."""
MARGIN = 48
"""Pixels around it that the networks see as well."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Trial:
    """A part of a picture, restored.

    Attributes:
        name: Of the weights, or what was done.
        png: The part.
        seconds: That it took; 0 for the part as it came.
        whole: Seconds that the whole picture would take at that rate.
    """

    name: str
    png: bytes
    seconds: float = 0.0
    whole: float = 0.0


def box_at(visit: Visit, picture: Picture) -> Box | None:
    """Return left, top, width and height in pixels of the part around where the visitor points to, if they do."""
    return None if visit.point is None else _box(picture, *visit.point)


def _box(picture: Picture, across: float, down: float) -> Box:
    (width, height), share = picture.size, (across, down)
    side = min(SIDE, width), min(SIDE, height)
    left, top = (
        min(max(0, round(s * whole - part / 2)), whole - part)
        for s, whole, part in zip(share, (width, height), side, strict=True)
    )
    return left, top, *side


def trials(visit: Visit, names: Sequence[str], wish: Wish, offer: Offer) -> Iterator[Trial]:
    """Restore a part of the picture that is shown: the one that was pointed to, or one with much detail.

    Args:
        visit: Its ``stop`` cancels.
        names: Of weights; ``"auto"`` for what a diagnosis of the whole picture advises.
        wish: Its strength is taken.
        offer: Of the page.

    Yields:
        The part as it came, then restored, one after the other.

    Raises:
        Cancelled: ``visit.stop`` was set.
        RestoraError: There is no picture, or no or unknown weights.
    """
    picture = visit.picture
    if not names:
        raise RestoraError("there is nothing to compare; choose some weights")
    photograph = read(picture.file.path, max_pixels=offer.max_pixels).upright()
    if visit.point is None:
        top, left = detailed_corners(photograph)[0]
        visit.point = (left + SIDE / 2) / photograph.width, (top + SIDE / 2) / photograph.height
    left, top, width, height = _box(picture, *visit.point)
    first, above = max(0, left - MARGIN), max(0, top - MARGIN)
    rows, columns = slice(above, top + height + MARGIN), slice(first, left + width + MARGIN)
    seen = Photograph(np.ascontiguousarray(photograph.pixels[rows, columns]), metadata=photograph.metadata)

    def shown(part: Photograph) -> bytes:
        inside = slice(top - above, top - above + height), slice(left - first, left - first + width)
        return replace(part, pixels=np.ascontiguousarray(part.pixels[inside])).preview()

    yield Trial("as it came", shown(seen))
    for name in names:
        wishes = [Wish(task, strength=wish.strength) for task in picture.choice.tasks]
        if name != AUTO:
            wishes = [Wish(weights=name, strength=wish.strength)]
        elif not wishes:
            yield Trial("auto: left as it is", shown(seen))
            continue
        part, steps = seen, [each.restorer(offer) for each in wishes]
        begin = perf_counter()
        for restorer in steps:
            part = restorer(part, cancel=visit.stop)
        seconds = perf_counter() - begin
        told = f"auto: {', then '.join(picture.choice.tasks)}" if name == AUTO else name
        yield Trial(told, shown(part), seconds, seconds * picture.megapixels / seen.megapixels)
