"""Halving and doubling features: bilinear interpolation with a 1x1 convolution for the channels."""

import torch.nn.functional as F
from torch import Tensor, nn


class BilinearDown(nn.Module):
    """Halve: (B, in, H, W) to (B, out, H / 2, W / 2), H and W even.

    Example:
        >>> import torch
        >>> BilinearDown(8, 16)(torch.rand(1, 8, 6, 4)).shape
        torch.Size([1, 16, 3, 2])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Interpolate, then project: the two commute, and the projection is cheaper at the smaller size."""
        # What bilinear interpolation at one half samples is the middle of 2 x 2 pixels, their mean.
        out: Tensor = self.project(F.avg_pool2d(x, 2))
        return out


class BilinearUp(nn.Module):
    """Double: (B, in, H, W) to (B, out, 2 H, 2 W).

    Example:
        >>> import torch
        >>> BilinearUp(16, 8)(torch.rand(1, 16, 3, 2)).shape
        torch.Size([1, 8, 6, 4])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Project, then interpolate."""
        return F.interpolate(self.project(x), scale_factor=2, mode="bilinear", align_corners=False)
