"""A feed-forward network of transformers for images: between its two layers every pixel sees its neighbours."""

from torch import nn


class LocallyEnhancedFeedForward(nn.Sequential):
    """1x1 convolution to E channels, GELU, depth-wise 3x3 convolution, GELU, 1x1 convolution back: (B, C, H, W).

    The depth-wise convolution also tells pixels where they are, so attention needs no position of its own.

    Source: the LeFF of Uformer and LocalViT; KiT's FFN (CVPR 2022, eq. 4).

    Args:
        channels: C.
        expansion: E / C.

    Example:
        >>> import torch
        >>> LocallyEnhancedFeedForward(8)(torch.rand(1, 8, 5, 7)).shape
        torch.Size([1, 8, 5, 7])
    """

    def __init__(self, channels: int, expansion: int = 4) -> None:
        hidden = expansion * channels
        super().__init__(
            nn.Conv2d(channels, hidden, 1),
            nn.GELU(),
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden),
            nn.GELU(),
            nn.Conv2d(hidden, channels, 1),
        )
