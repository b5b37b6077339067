"""What a source of training crops is, whatever lies behind it."""

from typing import Protocol, Self, runtime_checkable

from torch import Tensor


@runtime_checkable
class Crops(Protocol):
    """A data set of crops, each a pure function of a seed and its number, so that a run resumes anywhere.

    Crop number i is a clean crop (3, patch, patch), or a pair of a degraded one (3 or 6, patch, patch) and the clean one,
    float32 in [0, 1].
    """

    def __getitem__(self, index: int) -> Tensor | tuple[Tensor, Tensor]:
        """Return crop number ``index``."""

    def __len__(self) -> int:
        """Return how many there are, practically without end."""

    def with_stage(self, patch: int, batch: int) -> Self:
        """Return the same source for another stage: side of the crops, and crops in a batch of all processes."""
