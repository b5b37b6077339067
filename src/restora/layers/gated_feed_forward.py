"""Gated feed-forward layer with a depth-wise convolution (GDFN)."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CPU_STRIP_VALUES = 2**21
"""Hidden values at a time on a CPU, in strips of rows: they stay in its caches instead of going to memory."""

DEVICE_STRIP_VALUES = 2**27
"""The same elsewhere, where strips only bound the memory."""


class GatedFeedForward(nn.Module):
    """Expand, convolve each channel, let one half gate the other, project.

        u1, u2 = halves(depthwise3x3(W_in x)),    output = W_out(GELU(u1) * u2)

    Without gradients the hidden maps, more than five times as wide as x, are computed a strip of rows at a time.

    Source: Restormer (CVPR 2022), the gated-Dconv feed-forward network.

    Args:
        channels: C of the features (B, C, H, W).
        expansion: Hidden channels for each channel; floor(channels * expansion) of them in each half.
        bias: Whether the three convolutions have biases.
        depthwise: Makes the 3x3 convolution of each of so many channels by itself; a plain one by default.

    Example:
        >>> GatedFeedForward(8, 2.66)(torch.rand(1, 8, 5, 6)).shape
        torch.Size([1, 8, 5, 6])
    """

    def __init__(
        self,
        channels: int,
        expansion: float,
        bias: bool = False,
        depthwise: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        hidden = int(channels * expansion)
        self.expand = nn.Conv2d(channels, 2 * hidden, 1, bias=bias)
        self.depthwise: nn.Module = (
            depthwise(2 * hidden)
            if depthwise
            else nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=bias)
        )
        self.project = nn.Conv2d(hidden, channels, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Run the layer on (B, C, H, W); the shape stays."""
        height = x.shape[2]
        values = CPU_STRIP_VALUES if x.device.type == "cpu" else DEVICE_STRIP_VALUES
        rows = max(4, values // (x.shape[0] * x.shape[3] * self.expand.out_channels))
        if rows >= height or torch.is_grad_enabled() or torch.compiler.is_compiling():
            return self._strip(x, 0, height)
        return torch.cat([self._strip(x, y, min(y + rows, height)) for y in range(0, height, rows)], dim=2)

    def _strip(self, x: Tensor, top: int, bottom: int) -> Tensor:
        """Compute rows top ... bottom - 1 from these rows of x and one more on either side."""
        first, last = max(top - 1, 0), min(bottom + 1, x.shape[2])
        # (B, 2h, rows, W), of which the outermost rows are not valid
        hidden = self.depthwise(self.expand(x[:, :, first:last]))
        gate, value = hidden[:, :, top - first : bottom - first].chunk(2, dim=1)
        if gate.device.type == "cpu" and gate.shape[1] % 16:  # GELU of short odd stretches is very slow
            gate = gate.contiguous(memory_format=torch.channels_last)
        out: Tensor = self.project(F.gelu(gate) * value)
        return out
