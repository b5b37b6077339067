"""Networks in the form that costs least when they only have to run."""

import copy

from torch import nn


def fold(network: nn.Module) -> nn.Module:
    """Return a copy whose parts have their cheaper, equal form for inference.

    A module that has such a form offers it by a method ``fold()``, which returns the module that takes its place:
    an over-parameterised convolution becomes a plain one, a network that keeps count of what it is, itself folded.

    Args:
        network: Any module; it is not changed.

    Returns:
        A copy in the same mode on the same device. Where nothing can be folded, it is a plain copy.

    Example:
        >>> import torch
        >>> from restora.layers import OverParameterizedConv2d
        >>> fold(nn.Sequential(OverParameterizedConv2d(3, 8, 3), nn.ReLU()))[0]
        Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
    """
    if hasattr(network, "fold"):
        folded: nn.Module = network.fold()
        return folded
    folded = copy.deepcopy(network)
    fold_parts(folded)
    return folded


def fold_parts(module: nn.Module) -> None:
    """Replace, in place, every part of a module that has a ``fold()`` by what it returns."""
    for name, part in list(module.named_children()):
        if hasattr(part, "fold"):
            setattr(module, name, part.fold())
        else:
            fold_parts(part)
