"""Channel attention in an implicit frequency domain: a cascade of convolutions as a bank of filters."""

import torch
from torch import Tensor, nn

from restora.layers.convolution import conv_gelu
from restora.layers.local_pooling import GlobalMean


class ImplicitFrequencyAttention(nn.Module):
    """Split features into four bands by a cascade of 3x3 convolutions and weigh every channel of every band.

    Each convolution sees the output of the one before it, so the bands differ in receptive field rather than by an
    explicit transform. One softmax spans all 4C weights: bands and channels compete with one another.

        l4 = phi_ll(t), l3 = phi_l(l4), l2 = phi_m(l3), l1 = phi_h(l2)
        w = softmax(concat[W_i fc(mean(l1 + l2 + l3 + l4))]),  i = 1 ... 4
        output = gamma * out(w1 l1 + w2 l2 + w3 l3 + w4 l4) + t

    gamma starts at 0, so a new layer is the identity.

    Source: ChaIR (Knowledge-Based Systems 282, 2023), the implicit frequency-domain channel attention.

    Args:
        channels: C of the features (B, C, H, W).

    Example:
        >>> layer = ImplicitFrequencyAttention(8)
        >>> t = torch.rand(2, 8, 5, 7)
        >>> bool((layer(t) == t).all())
        True
    """

    bands = 4

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(channels // 2, 32)
        # From the lowest band (the first of the cascade) to the highest.
        self.cascade = nn.ModuleList([conv_gelu(channels, channels, 3) for _ in range(self.bands)])
        self.mean = GlobalMean()
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        # From the highest band to the lowest, the order in which the softmax concatenates them.
        self.excite = nn.ModuleList([nn.Conv2d(hidden, channels, 1) for _ in range(self.bands)])
        self.merge = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, t: Tensor) -> Tensor:
        """Weigh the bands of the features (B, C, H, W); the shape stays."""
        low_to_high = [t]
        for band in self.cascade:
            low_to_high.append(band(low_to_high[-1]))
        levels = low_to_high[:0:-1]  # l1, l2, l3, l4: (B, C, H, W) each
        summary = self.squeeze(sum(self.mean(level) for level in levels))  # (B, d, 1, 1)
        weights = torch.cat([excite(summary) for excite in self.excite], dim=1).softmax(
            dim=1
        )  # (B, 4C, 1, 1)
        mixed = sum(w * level for w, level in zip(weights.chunk(self.bands, dim=1), levels, strict=True))
        out: Tensor = self.gamma * self.merge(mixed) + t
        return out
