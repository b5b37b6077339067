"""The order in which a dataset is gone through: every image once an epoch, shuffled anew each time."""

import numpy as np
from numpy.typing import NDArray

_KEPT = 2  # a batch may hold the end of one epoch and the start of the next
_PURPOSE = 1  # sets these generators apart from those of the crops; not 0, which a seed sequence does not see


class EpochOrder:
    """Which image crop number i is cut from, a pure function of a seed and of i.

    Args:
        count: Number of images.
        seed: Of the shuffling.

    Example:
        >>> order = EpochOrder(3, seed=0)
        >>> sorted(order[i] for i in range(3)), sorted(order[i] for i in range(3, 6))
        ([0, 1, 2], [0, 1, 2])
        >>> order[4] == EpochOrder(3, seed=0)[4]
        True
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed
        self._orders: dict[int, NDArray[np.int64]] = {}

    def __getitem__(self, crop: int) -> int:
        """Return the number of the image of a crop."""
        epoch, place = divmod(crop, self.count)
        if epoch not in self._orders:
            if len(self._orders) == _KEPT:
                del self._orders[min(self._orders)]
            self._orders[epoch] = np.random.default_rng((self.seed, epoch, _PURPOSE)).permutation(self.count)
        return int(self._orders[epoch][place])
