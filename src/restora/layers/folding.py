"""Folding of networks into the form that costs least when they only have to run."""

import copy
from typing import Protocol, runtime_checkable

from torch import nn


@runtime_checkable
class Foldable(Protocol):
    """A module that has a cheaper form for inference."""

    def fold(self) -> nn.Module:
        """Return that form; its output is the same."""


def fold(network: nn.Module) -> nn.Module:
    """Return a copy whose parts have their cheaper, equal form for inference.

    Every `Foldable` module is replaced by what its ``fold()`` returns:
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
    if isinstance(network, Foldable):
        return network.fold()
    folded = copy.deepcopy(network)
    fold_parts(folded)
    return folded


def fold_parts(module: nn.Module) -> None:
    """Replace, in place, every part of a module that has a ``fold()`` by what it returns.

    Example:
        >>> from restora.layers import OverParameterizedConv2d
        >>> network = nn.Sequential(OverParameterizedConv2d(3, 8, 3), nn.ReLU())
        >>> fold_parts(network)
        >>> network[0]
        Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
    """
    for name, part in list(module.named_children()):
        if isinstance(part, Foldable):
            setattr(module, name, part.fold())
        else:
            fold_parts(part)
