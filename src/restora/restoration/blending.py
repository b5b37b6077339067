"""Strength of a restoration: a part of the restored image, a part of the image as it came."""

from torch import Tensor, nn

from restora.errors import RestoraError
from restora.networks import Requirements, RestorationNetwork, as_network


def check_strength(strength: float) -> None:
    """Refuse what is no part of the way.

    Raises:
        RestoraError: It is not from 0 to 1.
    """
    if not 0 <= strength <= 1:
        raise RestoraError(f"strength must be from 0 to 1, got {strength}")


class Blended(RestorationNetwork):
    """Move only a part of the way from the input to a network's answer.

    Of two views of a dual-pixel sensor, the input is their mean.

    Args:
        network: The network.
        strength: Part of the way, 0 to 1.

    Raises:
        RestoraError: ``strength`` is outside of that range.

    Example:
        >>> import torch, restora
        >>> x = torch.rand(1, 3, 16, 24)
        >>> torch.equal(Blended(restora.create_model("chair", "tiny").eval(), 0.0)(x), x)
        True
    """

    def __init__(self, network: nn.Module, strength: float) -> None:
        super().__init__()
        check_strength(strength)
        self.network, self.strength = as_network(network), strength
        self.config = self.network.config

    @property
    def requirements(self) -> Requirements:
        """What the network requires."""
        return self.network.requirements

    def forward(self, x: Tensor) -> Tensor:
        """Restore (B, C, H, W) -> (B, 3, H, W), with C 3 or 6."""
        given = x if x.shape[1] == 3 else (x[:, :3] + x[:, 3:]) / 2
        restored: Tensor = given + self.strength * (self.network(x) - given)
        return restored
