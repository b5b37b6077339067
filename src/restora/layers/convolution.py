"""Convolutions with an activation behind them."""

from torch import nn


def conv_gelu(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Sequential:
    """Build a convolution, zero padded by half its kernel, with the exact (erf) GELU behind it.

    Args:
        in_channels: Channels of the input (B, in_channels, H, W).
        out_channels: Channels of the output (B, out_channels, ceil(H / stride), ceil(W / stride)).
        kernel_size: Side of the square, odd kernel in pixels.
        stride: Step of the kernel in pixels.

    Returns:
        The two layers in a row.
    """
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size, stride=stride, padding=kernel_size // 2), nn.GELU()
    )


def upsample_gelu(in_channels: int, out_channels: int) -> nn.Sequential:
    """Build a transposed 4x4 convolution of stride 2 with GELU: (B, in, H, W) to (B, out, 2H, 2W)."""
    return nn.Sequential(nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1), nn.GELU())
