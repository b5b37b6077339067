"""Layer norm of every pixel over its channels, for images."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-5

FEW_CHANNELS = 32
"""Up to so many, torch's layer norm in bfloat16 takes three times as long on a CPU as in float32."""


class ChannelLayerNorm(nn.Module):
    """Layer norm over the channels of each pixel: (x - mean) / sqrt(variance + 1e-5) * weight + bias, variance biased.

    Args:
        channels: C of the features (B, C, H, W).

    Example:
        >>> ChannelLayerNorm(4)(torch.rand(1, 4, 5, 6)).mean(1).abs().max() < 1e-5
        tensor(True)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, C, H, W); the shape stays, the answer is channels last."""
        last = x.permute(0, 2, 3, 1)  # (B, H, W, C)
        if x.device.type == "cpu" and x.shape[1] <= FEW_CHANNELS:
            dtype = torch.promote_types(x.dtype, torch.float32)
            weight, bias = self.weight.to(dtype), self.bias.to(dtype)
            normed = F.layer_norm(last.to(dtype), weight.shape, weight, bias, EPSILON).to(x.dtype)
        else:
            normed = F.layer_norm(last, self.weight.shape, self.weight, self.bias, EPSILON)
        return normed.permute(0, 3, 1, 2)


class BiasFreeLayerNorm(nn.Module):
    """Layer norm without bias or centring: x / sqrt(variance + 1e-5) * weight, the variance around the mean.

    Source: Restormer (CVPR 2022) and its successors.

    Args:
        channels: C of the features (B, C, H, W).

    Example:
        >>> BiasFreeLayerNorm(4)(torch.rand(1, 4, 5, 6)).shape
        torch.Size([1, 4, 5, 6])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, C, H, W); the shape stays."""
        variance = x.var(1, correction=0, keepdim=True)  # (B, 1, H, W)
        return x * torch.rsqrt(variance + EPSILON) * self.weight[:, None, None]
