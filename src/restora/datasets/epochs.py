"""The order in which a dataset is gone through: every image once an epoch, shuffled anew each time."""

from collections.abc import Sequence

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
        return int(self._order(epoch)[place])

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if epoch not in self._orders:
            if len(self._orders) == _KEPT:
                del self._orders[min(self._orders)]
            self._orders[epoch] = self._shuffled(np.random.default_rng((self.seed, epoch, _PURPOSE)))
        return self._orders[epoch]

    def _shuffled(self, random: np.random.Generator) -> NDArray[np.int64]:
        return random.permutation(self.count)


class StreamOrder(EpochOrder):
    """The same for shards that have to be fetched: each place in the batches has a stream of images of its own.

    An epoch goes through the shards in random order, and through the images of each in random order. Streams are equal
    parts of that. So the processes of a training, each of which has some places of every batch, read different shards, and
    whichever process takes a crop, it is the same. What remains when images are divided by streams is left out of
    the epoch.

    Args:
        sizes: Number of images in each shard.
        seed: Of the shuffling.
        streams: Crops in a batch, of all processes together.

    Example:
        >>> order = StreamOrder([2, 3, 1], seed=0, streams=2)
        >>> sorted(order[i] for i in range(6))
        [0, 1, 2, 3, 4, 5]
    """

    def __init__(self, sizes: Sequence[int], seed: int, streams: int) -> None:
        super().__init__(sum(sizes), seed)
        self.sizes, self.streams = tuple(sizes), min(streams, self.count)

    def __getitem__(self, crop: int) -> int:
        """Return the number of the image of a crop."""
        step, stream = divmod(crop, self.streams)
        length = self.count // self.streams
        epoch, place = divmod(step, length)
        return int(self._order(epoch)[stream * length + place])

    def _shuffled(self, random: np.random.Generator) -> NDArray[np.int64]:
        firsts = np.cumsum([0, *self.sizes])
        shards = random.permutation(len(self.sizes))
        return np.concatenate([firsts[shard] + random.permutation(self.sizes[shard]) for shard in shards])
