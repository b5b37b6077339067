"""Feature maps: what the encoder of a network computes of an image, at every size, for other work to build on."""

from contextlib import suppress

import torch
from torch import Tensor, nn

from restora.errors import RestoraError
from restora.networks.contract import RestorationNetwork


class _ReachedError(Exception):
    """The last stage has answered: the rest of the network need not run."""


class FeatureMaps(nn.Module):
    """The encoder of a network: an image in, the output of every stage out, from full size down.

    The decoder does not run. Parameters are the network's own and can be trained on.

    Args:
        network: With `RestorationNetwork.config`; not changed but for hooks that live as long as this module.
        stages: Names of its modules, in the order in which they run.

    Attributes:
        channels: Of each map.
        reductions: By how much each is smaller than the image.

    Raises:
        RestoraError: No stages.

    Example:
        >>> from restora.networks import create_model
        >>> network = create_model("chair", "tiny")
        >>> maps = FeatureMaps(network, ("encoder_full", "encoder_half", "encoder_quarter")).eval()
        >>> [tuple(each.shape) for each in maps(torch.rand(1, 3, 32, 48))]
        [(1, 16, 32, 48), (1, 32, 16, 24), (1, 64, 8, 12)]
        >>> maps.channels, maps.reductions
        ((16, 32, 64), (1, 2, 4))
    """

    def __init__(self, network: RestorationNetwork, stages: tuple[str, ...]) -> None:
        super().__init__()
        if not stages:
            raise RestoraError(f"{type(network).__name__} names no stages; give its Architecture some")
        self.network = network
        self._found: list[Tensor] = []
        for name in stages:
            last = name == stages[-1]
            network.get_submodule(name).register_forward_hook(
                lambda module, inputs, output, last=last: self._keep(output, last)
            )
        side = network.requirements.fitting_side(64)
        training = network.training
        with torch.no_grad():
            maps = self.eval()(torch.zeros(1, network.requirements.in_channels, side, side))
        self.train(training)
        self.channels = tuple(each.shape[1] for each in maps)
        self.reductions = tuple(side // each.shape[3] for each in maps)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Compute the maps of images (B, C, H, W) in [0, 1], H and W as the network's `requirements` ask."""
        self._found = []
        with suppress(_ReachedError):
            self.network(x)
        found, self._found = self._found, []
        return found

    def _keep(self, output: Tensor, last: bool) -> None:
        self._found.append(output)
        if last:
            raise _ReachedError
