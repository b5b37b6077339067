"""Channel attention in the spatial domain: a filter along the channel axis, made for each image from its mean."""

import torch
from torch import Tensor, nn

from restora.layers.local_pooling import GlobalMean


class ChannelFilterAttention(nn.Module):
    """Filter neighbouring channels with three taps that the image itself chooses.

    The taps come from the global average p of the features, f = tanh(BN(W p)), three numbers for each channel,
    the same at every pixel:

        r[c] = f0[c] t[c-1] + f1[c] t[c] + f2[c] t[c+1],    output = gamma * r + beta * t

    The channel axis is reflected at its ends without repeating the edge. gamma starts at 0 and beta at 1, so a
    new layer is the identity. In training mode the batch norm needs at least two images.

    Source: ChaIR (Knowledge-Based Systems 282, 2023), the spatial-domain channel attention.

    Args:
        channels: C of the features (B, C, H, W), at least 2.

    Example:
        >>> layer = ChannelFilterAttention(8).eval()
        >>> t = torch.rand(2, 8, 5, 7)
        >>> bool((layer(t) == t).all())
        True
    """

    taps = 3

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.taps_from_mean = nn.Conv2d(channels, self.taps * channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(self.taps * channels)
        self.gamma = nn.Parameter(torch.zeros(channels, 1, 1))
        self.beta = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, t: Tensor) -> Tensor:
        """Filter the features (B, C, H, W) along C; the shape stays."""
        mean = self.mean(t)  # (B, C, 1, 1)
        filters = torch.tanh(self.norm(self.taps_from_mean(mean)))  # (B, 3C, 1, 1), tap-major
        before, here, after = (self.gamma * f for f in filters.chunk(self.taps, dim=1))  # (B, C, 1, 1) each
        # Three shifted sums instead of an unfolded (B, C, 3, H, W) map; gamma and beta are folded into the taps.
        padded = torch.cat([t[:, 1:2], t, t[:, -2:-1]], dim=1)  # (B, C + 2, H, W)
        return before * padded[:, :-2] + (here + self.beta) * t + after * padded[:, 2:]
