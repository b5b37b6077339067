"""Pixel unshuffle and shuffle with a convolution: halving and doubling of feature maps."""

from torch import nn


def downsample_unshuffle(channels: int) -> nn.Sequential:
    """Build a 3x3 convolution and a pixel unshuffle: (B, C, H, W) to (B, 2C, H/2, W/2), H and W even.

    Example:
        >>> import torch
        >>> downsample_unshuffle(8)(torch.rand(1, 8, 16, 16)).shape
        torch.Size([1, 16, 8, 8])
    """
    return nn.Sequential(nn.Conv2d(channels, channels // 2, 3, padding=1, bias=False), nn.PixelUnshuffle(2))


def upsample_shuffle(channels: int) -> nn.Sequential:
    """Build a 3x3 convolution and a pixel shuffle: (B, C, H, W) to (B, C/2, 2H, 2W).

    Example:
        >>> import torch
        >>> upsample_shuffle(8)(torch.rand(1, 8, 16, 16)).shape
        torch.Size([1, 4, 32, 32])
    """
    return nn.Sequential(nn.Conv2d(channels, channels * 2, 3, padding=1, bias=False), nn.PixelShuffle(2))
