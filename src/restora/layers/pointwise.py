"""Products along the channels of each pixel: 1x1 convolutions and linear layers, by the faster library of a CPU.

On one thread, torch computes 1x1 convolutions, and on any number linear layers, by MKL, which takes two to three times as
long on an AMD processor as oneDNN, where its other convolutions are computed. A kernel of one tap may have any dilation,
and one that has is left to oneDNN.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers.exporting import is_exporting
from restora.layers.over_parameterized_convolution import OverParameterizedConv2d


def prefer_onednn(network: nn.Module) -> None:
    """Let oneDNN compute the 1x1 convolutions of a network on a CPU: in place, the result is the same.

    Example:
        >>> network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3))
        >>> prefer_onednn(network)
        >>> [part.dilation for part in network]
        [(2, 2), (1, 1)]
    """
    for part in network.modules():
        if isinstance(part, nn.Conv2d | OverParameterizedConv2d) and part.kernel_size in (1, (1, 1)):
            part.dilation = (2, 2)


def pixel_linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Do what `torch.nn.functional.linear` does, with weights (C', C), to features (B, H, W, C), best without gaps."""
    if x.device.type != "cpu" or x.ndim != 4 or is_exporting():
        return F.linear(x, weight, bias)
    return F.conv2d(x.permute(0, 3, 1, 2), weight[:, :, None, None], bias, dilation=2).permute(0, 2, 3, 1)


class PixelLinear(nn.Linear):
    """A linear layer over the channels of features (B, H, W, C): `pixel_linear`.

    Example:
        >>> import torch
        >>> PixelLinear(4, 6)(torch.rand(2, 5, 3, 4)).shape
        torch.Size([2, 5, 3, 6])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, H, W, C) -> (B, H, W, C')."""
        return pixel_linear(x, self.weight, self.bias)
