"""Over-parameterised convolution (DO-Conv): trained with more parameters than it needs, run without them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers.precision import full_precision


class OverParameterizedConv2d(nn.Module):
    """A convolution whose kernel is a product of two trained factors (DO-Conv).

    Each input channel i has a matrix I + E[i] that mixes the k*k taps of its kernels W[o, i]:

        K[o, i, m] = sum_s (I + E[i])[m, s] W[o, i, s]

    Training such a product converges better; what it can express is just the convolution with K, into which `fold`
    turns it. E starts at zero, so K = W at first. A 1x1 kernel has one tap, and no E.

    Source: "DO-Conv: Depthwise Over-Parameterized Convolutional Layer" (IEEE TIP 2022), with D_mul = k*k.

    Args:
        in_channels: Channels of the input (B, in_channels, H, W).
        out_channels: Channels of the output (B, out_channels, ceil(H / stride), ceil(W / stride)).
        kernel_size: Side k of the square, odd kernel in pixels; the input is padded with k // 2 zeros.
        stride: Step of the kernel in pixels.
        groups: 1 for a dense convolution, or the channels for one that convolves each by itself.

    Example:
        >>> layer = OverParameterizedConv2d(4, 8, 3)
        >>> x = torch.rand(1, 4, 5, 6)
        >>> bool((layer.fold()(x) == layer(x)).all())
        True
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.groups = kernel_size, stride, groups
        self.dilation = (1, 1)  # of a 1x1 kernel it may be another, see `restora.layers.pointwise`
        taps = kernel_size**2
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, taps))
        self.mixing = nn.Parameter(torch.zeros(in_channels, taps, taps)) if taps > 1 else None
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # what nn.Conv2d does: +-1 / sqrt(fan in)

    @property
    def kernel(self) -> Tensor:
        """The plain kernel K (out_channels, in_channels / groups, k, k)."""
        shape = (*self.weight.shape[:2], self.kernel_size, self.kernel_size)
        if self.mixing is None:
            return self.weight.view(shape)
        with full_precision(self.weight):
            taps = self.kernel_size**2
            identity = torch.eye(taps, dtype=self.mixing.dtype, device=self.mixing.device)  # (m, s)
            # Groups of one channel lie in memory like one output channel of a dense kernel.
            weight = self.weight.view(self.out_channels // self.groups, *self.mixing.shape[:2])  # (o, i, s)
            return torch.einsum("ims,ois->oim", self.mixing + identity, weight).reshape(shape)

    def extra_repr(self) -> str:
        """Describe the layer as PyTorch's own convolutions describe themselves."""
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size},"
            f" stride={self.stride}, groups={self.groups}"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (B, in_channels, H, W)."""
        padding = self.kernel_size // 2
        return F.conv2d(x, self.kernel, None, self.stride, padding, self.dilation, self.groups)

    def fold(self) -> nn.Conv2d:
        """Return the plain convolution with the same output, on the same device."""
        with torch.device("meta"):
            folded = nn.Conv2d(
                self.in_channels,
                self.out_channels,
                self.kernel_size,
                stride=self.stride,
                padding=self.kernel_size // 2,
                groups=self.groups,
                bias=False,
            )
        folded.weight = nn.Parameter(self.kernel.detach().clone())
        return folded.train(self.training)
