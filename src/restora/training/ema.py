"""Exponential moving average of a network's weights and buffers."""

import torch
from torch import Tensor, nn

from restora.training.sharding import divided_like, own_part, whole


class ExponentialMovingAverage:
    """Keep a slow copy of a network; it restores better than the last step's weights.

    The decay starts low, (1 + n) / (10 + n) after n updates, so that the fresh weights are soon forgotten.

    Args:
        network: Whose parameters and buffers are averaged; integer buffers are copied.
        decay: Share of the old average that an update keeps, in [0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.averages = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the network's present weights."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        current = network.state_dict()
        floating = [name for name, value in self.averages.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [own_part(self.averages[name]) for name in floating],
            [own_part(current[name].detach()) for name in floating],
            1 - decay,
        )
        for name in self.averages.keys() - set(floating):
            self.averages[name].copy_(current[name])

    def state_dict(self) -> dict[str, Tensor]:
        """Return the averaged weights under the network's own names, gathered where processes have divided them."""
        return {name: whole(value) for name, value in self.averages.items()}

    def load_state_dict(self, averages: dict[str, Tensor], updates: int) -> None:
        """Continue from saved averages."""
        for name, value in self.averages.items():
            value.copy_(divided_like(averages[name], value))
        self.updates = updates
