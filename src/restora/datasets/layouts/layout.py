"""What a layout is: a way in which a benchmark lies on disk."""

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass

from restora.datasets.inventory import Inventory
from restora.datasets.search import Search


@dataclass(frozen=True)
class Layout(ABC):
    """A way in which a benchmark lies on disk.

    Attributes:
        name: Who lays it out so.
        splits: The splits it serves; empty for all.
        variants: The variants it serves; empty for all.
    """

    name: str
    _: KW_ONLY
    splits: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    @abstractmethod
    def tree(self) -> str:
        """The folders and files in words."""

    @abstractmethod
    def scan(self, search: Search) -> Inventory | None:
        """Return what lies there, None if it is not this layout."""
