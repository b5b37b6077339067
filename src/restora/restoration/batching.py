"""Micro-batching: tiles that several threads want restored at once go through the network together."""

from collections import deque
from dataclasses import dataclass
from threading import Condition

import torch
from torch import Tensor

from restora.errors import RestoraError
from restora.failures import out_of_memory
from restora.networks.contract import Requirements, RestorationNetwork


def check_batch(batch: int) -> None:
    """Refuse what is no number of tiles.

    Raises:
        RestoraError: It is less than 1.
    """
    if batch < 1:
        raise RestoraError(f"batch must be a number of tiles from 1 on, got {batch}")


@dataclass(eq=False)
class _Tile:
    """A tile that is waiting, and then what became of it."""

    x: Tensor
    answer: Tensor | None = None
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.answer is not None or self.error is not None


class MicroBatched(RestorationNetwork):
    """A network that computes tiles of several threads together.

    Nobody waits for company: a tile that comes while the network is idle goes through at once, alone. Those that come
    meanwhile gather, and the first of them then takes along, from all that wait, the ones of its shape. Batches therefore
    grow with the load by themselves.

    One thread computes for the others, so no thread's cancellation ends a batch: its work ends before its next tile.
    A batch that memory does not suffice for is computed tile by tile.

    Args:
        network: Ready to run, on its device.
        most: Tiles of a batch at most.

    Attributes:
        eager: That torch does not ask before each operation whether the thread is to stop.
        sizes: How many batches there were of each number of tiles.

    Example:
        >>> import restora
        >>> network = MicroBatched(restora.create_model("chair", "tiny").eval(), 4)
        >>> network(torch.rand(1, 3, 16, 24)).shape, network.sizes
        (torch.Size([1, 3, 16, 24]), {1: 1})
    """

    eager = False

    def __init__(self, network: RestorationNetwork, most: int) -> None:
        super().__init__()
        check_batch(most)
        self.network, self.most = network, most
        self.config, self.card = network.config, network.card
        self.sizes: dict[int, int] = {}
        self._waiting: deque[_Tile] = deque()
        self._computing = False
        self._changed = Condition()

    @property
    def requirements(self) -> Requirements:
        """What the network requires."""
        return self.network.requirements

    def forward(self, x: Tensor) -> Tensor:
        """Restore (1, C, H, W) -> (1, 3, H, W), together with what other threads want restored."""
        tile = _Tile(x)
        with self._changed:
            self._waiting.append(tile)
            self._changed.wait_for(lambda: tile.done or not self._computing)
            batch = [] if tile.done else self._taken(tile)
            self._computing = self._computing or bool(batch)
        if batch:
            try:
                self._compute(batch)
            finally:
                with self._changed:
                    self._computing = False
                    self.sizes[len(batch)] = self.sizes.get(len(batch), 0) + 1
                    self._changed.notify_all()
        if tile.error is not None:
            raise tile.error
        assert tile.answer is not None
        return tile.answer

    def _taken(self, first: _Tile) -> list[_Tile]:
        """Take a tile from those that wait, and of the others the longest waiting ones of its shape."""
        like = [tile for tile in self._waiting if tile is not first and tile.x.shape == first.x.shape]
        batch = [first, *like[: self.most - 1]]
        self._waiting = deque(tile for tile in self._waiting if tile not in batch)
        return batch

    def _compute(self, batch: list[_Tile]) -> None:
        try:
            answer = self.network(torch.cat([tile.x for tile in batch]) if len(batch) > 1 else batch[0].x)
            if answer.device.type != "cpu":
                torch.accelerator.synchronize(answer.device)  # else it is idle before it has begun
            for tile, one in zip(batch, answer.split(1), strict=True):
                tile.answer = one
        except BaseException as error:
            if len(batch) > 1 and out_of_memory(error):
                for tile in batch:
                    self._compute([tile])
                return
            for tile in batch:
                tile.error = error
