"""A gate for each channel, made from the means of the channels beside it."""

import torch
from torch import Tensor, nn

from restora.layers.local_pooling import GlobalMean


class ChannelGate(nn.Module):
    """Gate each channel by the mean of the features, mixed along the channels by one kernel of seven taps.

        g = sigmoid(conv1d_channels(mean(y)))

    The channels are the axis of the convolution; the kernel is the same for all of them and has no bias.

    Source: DiNAT-IR (arXiv 2507.17892), the channel-aware module; the form is that of ECA-Net (CVPR 2020).

    Example:
        >>> ChannelGate()(torch.rand(2, 8, 5, 6)).shape
        torch.Size([2, 8, 1, 1])
    """

    def __init__(self) -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.mix = nn.Conv1d(1, 1, 7, padding=3, bias=False)

    def forward(self, y: Tensor) -> Tensor:
        """Return the gates (B, C, 1, 1) of features (B, C, H, W); (B, C, H, W) when the mean is a local one."""
        mean = self.mean(y).permute(0, 2, 3, 1)  # (B, 1, 1, C) or (B, H, W, C)
        if mean.shape[1:3] == (1, 1):
            mixed: Tensor = self.mix(mean.flatten(0, 2)[:, None]).reshape(mean.shape)
        else:  # at many pixels a product with the banded matrix takes a tenth of the time of the convolution
            unit_vectors = torch.eye(mean.shape[3], dtype=mean.dtype, device=mean.device)
            mixed = mean @ self.mix(unit_vectors[:, None])[:, 0]
        return mixed.sigmoid().permute(0, 3, 1, 2)
