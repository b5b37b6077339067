"""Weights are tried on a picture before they are given away."""

import torch

from restora.errors import RestoraError
from restora.networks import RestorationNetwork

SIDE = 64


def try_on_picture(network: RestorationNetwork, name: str) -> None:
    """Restore a small picture of slopes and noise, and look at the answer.

    Args:
        network: In evaluation mode, on any device.
        name: Of the weights, for the error.

    Raises:
        RestoraError: The answer holds values that are no numbers, or infinite.

    Example:
        >>> from restora.networks import create_model
        >>> try_on_picture(create_model("chair", "tiny").eval(), "fresh")
    """
    needs = network.requirements
    side = needs.fitting_side(SIDE)
    slope = torch.linspace(0, 1, side)
    picture = (slope[:, None] + slope) / 2 + torch.randn(
        side, side, generator=torch.Generator().manual_seed(0)
    ) / 10
    batch = picture.clamp(0, 1).expand(1, needs.in_channels, side, side)
    with torch.inference_mode():
        answer = network(batch.to(next(network.parameters()).device))
    if not bool(answer.isfinite().all()):
        raise RestoraError(
            f"{name}: the weights restore a picture to values that are not finite; they are damaged, or of a training that"
            " diverged, and are not written"
        )
