"""What a server offers: tasks and weights, loaded once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from restora.checkpoints import WeightsCard, list_weights
from restora.checkpoints.loading import find_weights
from restora.checkpoints.tasks import tasks_with_weights, weights_for_task, without_weights
from restora.diagnosis.treatment import INDEPENDENT_NOISE, REMEDIES
from restora.errors import RestoraError
from restora.restoration.automatic import AutoRestorer
from restora.restoration.batching import MicroBatched
from restora.restoration.choosing import AUTO
from restora.restoration.restorer import Restorer

TWO_VIEWS = "defocus-dual"
"""The task of pictures that no single file holds."""
WARM = 64
"""Side in pixels of the picture that each network restores before the first request."""


class OfferedWeights(BaseModel):
    """Weights that a request may ask for."""

    name: str
    task: str | None = Field(description="the task that chooses them; null if their name does")
    card: WeightsCard | None = Field(description="what they are; null for a file without a card")


class Offer:
    """Tasks and weights that requests may ask for. Without any, all tasks that weights in the package do, and ``auto``.

    Args:
        tasks: Names of tasks; the first one is that of a request that asks for nothing.
        weights: What `restora.load_model` takes, offered by the name of its file; the first one is that of a request that asks
            for nothing, if there are no tasks.
        **options: Of the `Restorer`.

    Attributes:
        tasks: Names of tasks.
        weights: Names of weights -> what they are loaded from.

    Raises:
        RestoraError: No such task or weights, or two weights of one name.

    Example:
        >>> offer = Offer(tasks=["denoise", "derain"])
        >>> offer.tasks, [one.name for one in offer.listed()]
        (('denoise', 'derain'), ['denoise-chair-tiny', 'derain-chair-tiny'])
    """

    def __init__(self, tasks: Sequence[str] = (), weights: Sequence[str] = (), **options: Any) -> None:
        every = (AUTO, *(task for task in tasks_with_weights() if task != TWO_VIEWS))
        self.tasks = tuple(dict.fromkeys(tasks)) or (() if weights else every)
        for task in self.tasks:
            if task == TWO_VIEWS:
                raise RestoraError(f"the task {task} takes two views of a picture, and a request brings one")
            if task not in every:
                raise RestoraError(without_weights(task))
        self.weights = {_name(source): source for source in weights}
        if len(self.weights) < len(weights):
            raise RestoraError(f"two of the weights {', '.join(weights)} have one name; rename a file")
        for source in weights:
            find_weights(source)
        self._options = options
        self._named: dict[str, Restorer] = {}
        self._auto: AutoRestorer | None = None

    def load(self) -> None:
        """Load all weights, once, and restore a small picture with each, so that the first request waits for nothing.

        Raises:
            RestoraError: Weights that cannot be loaded or take two views, or an option that no `Restorer` takes.
        """
        if self._auto or self._named:
            return
        if self.tasks:
            self._auto = AutoRestorer(**self._options)
        for name, source in self.weights.items():
            self._named[name] = Restorer(source, **self._options)
        small = np.zeros((WARM, WARM, 3), np.uint8)
        for restorer in self._restorers():
            restorer(small)
        if self._auto is not None and AUTO in self.tasks:
            self._auto(small)

    def restorer(self, task: str | None, weights: str | None, strength: float) -> Restorer | AutoRestorer:
        """Return what restores as a request asks for.

        Args:
            task: One of `tasks`, or ``None``.
            weights: One of `weights`, or ``None``.
            strength: From 0 to 1.

        Raises:
            RestoraError: Both task and weights are asked for.
        """
        if task is not None and weights is not None:
            raise RestoraError(
                f"weights are for a task, so ask for the task {task} or for the weights {weights}"
            )
        if weights is None and task is None and not self.tasks:
            weights = next(iter(self.weights))
        if weights is not None:
            return self._named[weights].with_strength(strength)
        assert self._auto is not None
        chosen = task or self.tasks[0]
        auto = self._auto.with_strength(strength)
        return auto if chosen == AUTO else auto.restorer(chosen)

    def listed(self) -> list[OfferedWeights]:
        """Return what requests may ask for, with the cards of the weights."""
        cards = {card.name: card for card in list_weights()}
        found = []
        for task in self.tasks:
            if task != AUTO:
                name = weights_for_task(task)
                found.append(OfferedWeights(name=name, task=task, card=cards[name]))
        for name, restorer in self._named.items():
            card = restorer.choice.network.card
            found.append(OfferedWeights(name=name, task=None, card=card))
        return found

    def batches(self) -> dict[int, int]:
        """Return how many batches there were of each number of tiles."""
        sizes: dict[int, int] = {}
        for restorer in self._restorers():
            if isinstance(restorer.engine.network, MicroBatched):
                for size, count in list(restorer.engine.network.sizes.items()):
                    sizes[size] = sizes.get(size, 0) + count
        return sizes

    def _restorers(self) -> list[Restorer]:
        """Return all that may be used, the automatic choices too."""
        if self._auto is None:
            return list(self._named.values())
        automatic = {*REMEDIES.values(), INDEPENDENT_NOISE} if AUTO in self.tasks else set()
        tasks = dict.fromkeys([*(task for task in self.tasks if task != AUTO), *sorted(automatic)])
        return [*map(self._auto.restorer, tasks), *self._named.values()]


def _name(source: str) -> str:
    """Return the name by which requests ask for weights: no path of this machine."""
    path = Path(source)
    return path.stem if path.exists() else source
