"""Running a network over a picture while some of its layers are watched."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from restora.errors import RestoraError
from restora.networks.contract import RestorationNetwork
from restora.pixels import to_float
from restora.tensors import to_tensor

Layer = TypeVar("Layer", bound=nn.Module)


def padded_input(network: RestorationNetwork, image: NDArray[Any]) -> Tensor:
    """Turn a picture into what a network takes: (1, 3, H', W'), on its device, reflected to the sizes that it requires.

    Args:
        network: Says which sizes.
        image: (H, W, 3), of any depth.

    Raises:
        RestoraError: The picture is not (H, W, 3), or the network takes two views.
    """
    if image.ndim != 3 or image.shape[2] != 3:
        raise RestoraError(f"the image must be (height, width, 3), got {image.shape}; convert it to RGB")
    needs = network.requirements
    if needs.in_channels != 3:
        raise RestoraError("only networks that take one picture are explained, not those of two views")
    wanted = [needs.fitting_side(side) for side in image.shape[:2]]
    lacking = [(0, want - side) for want, side in zip(wanted, image.shape[:2], strict=True)]
    # Reflected as often as it takes where an image is smaller than what it lacks.
    x = to_tensor(np.pad(to_float(image), [*lacking, (0, 0)], mode="reflect"))[None]
    parameter = next(network.parameters(), x)
    return x.to(parameter.device, parameter.dtype)


def watched(
    network: RestorationNetwork, layers: Sequence[Layer], note: Callable[[Layer, Tensor], None], x: Tensor
) -> None:
    """Run a network in evaluation mode and call ``note(layer, input)`` for each of the layers as it runs."""
    hooks = [layer.register_forward_pre_hook(lambda m, inputs: note(m, inputs[0])) for layer in layers]
    try:
        with evaluating(network), torch.no_grad():
            network(x)
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def evaluating(network: nn.Module) -> Any:
    """Put a network into evaluation mode and each of its modules back into its own."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield network
    finally:
        for module in training:
            module.training = True
