"""What was found of a benchmark on disk, with everything that does not fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from restora.datasets.pairs import Entry
from restora.errors import RestoraError


@dataclass(frozen=True)
class Inventory:
    """What one layout found.

    Attributes:
        layout: Its name.
        places: The folders and files that it read.
        entries: Complete pairs, in order.
        alone: Degraded images without a clean one.
        unused: Clean images without a degraded one.
        foreign: Images whose names do not follow the rule.
        absent: Files that belong to the split and are not there.
        complaints: What else is wrong, in words that name the file.
        ignored: Files that are known to be surplus, such as "926_10(1).jpg".

    Example:
        >>> found = Inventory("the authors'", (Path("Rain100L"),), (), alone=(Path("rain-1.png"),))
        >>> found.faults
        ('rain-1.png: has no clean partner',)
    """

    layout: str
    places: tuple[Path, ...]
    entries: tuple[Entry, ...]
    alone: tuple[Path, ...] = ()
    unused: tuple[Path, ...] = ()
    foreign: tuple[Path, ...] = ()
    absent: tuple[Path, ...] = ()
    complaints: tuple[str, ...] = ()
    ignored: tuple[Path, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """One line for every file that does not fit."""
        return (
            *self.complaints,
            *(f"{path}: belongs to the split, but is not there" for path in self.absent),
            *(f"{path}: has no clean partner" for path in self.alone),
            *(f"{path}: is the clean partner of no image" for path in self.unused),
            *(f"{path}: has a name that does not follow the rule" for path in self.foreign),
        )

    def require_complete(self) -> None:
        """Do nothing if every file has its partner.

        Raises:
            RestoraError: One has not; the message names it.
        """
        if self.faults:
            more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
            raise RestoraError(
                f"{self.faults[0]}{more}; fetch the dataset again, or list all with: restora benchmarks check"
            )


def better(inventories: Iterable[Inventory]) -> Inventory | None:
    """Return the one to believe: the first without a fault, else the one with most pairs; None if there is none.

    A layout that fits only by the names of its folders leaves nearly every file alone, so the pairs decide.

    Args:
        inventories: Not asked for more once one is without a fault, since folders may hold a million files.
    """
    faulty = []
    for found in inventories:
        if found.entries and not found.faults:
            return found
        faulty.append(found)
    return max(faulty, key=lambda found: (len(found.entries), -len(found.faults)), default=None)
