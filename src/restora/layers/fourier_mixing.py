"""Mixing channels in the frequency domain, where every coefficient sees the whole map."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers.over_parameterized_convolution import OverParameterizedConv2d


class FourierMixing(nn.Module):
    """Two 1x1 convolutions with a ReLU between them on the Fourier coefficients of a feature map.

        z = F(x),  [Re z', Im z'] = W2 ReLU(W1 [Re z, Im z]),  output = F^-1(z')

    F is the two-dimensional transform of a real map, over all of it: the output depends on the size of the map.
    Because there are no biases, scaling F does not matter; the unitary one keeps coefficients within half precision.
    The transforms are always in float32.

    Source: the frequency branch of DeepRFT (AAAI 2023), here in DeRestormer.

    Args:
        channels: C of the features (B, C, H, W).

    Example:
        >>> FourierMixing(4)(torch.rand(1, 4, 5, 6)).shape
        torch.Size([1, 4, 5, 6])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.expand = OverParameterizedConv2d(2 * channels, 2 * channels, 1)
        self.project = OverParameterizedConv2d(2 * channels, 2 * channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Mix (B, C, H, W); the shape stays, the values are float32."""
        dtype = torch.promote_types(x.dtype, torch.float32)
        z = torch.fft.rfft2(x.to(dtype), norm="ortho")  # (B, C, H, W // 2 + 1), complex
        parts = torch.cat([z.real, z.imag], dim=1)  # (B, 2C, H, W // 2 + 1)
        real, imaginary = self.project(F.relu(self.expand(parts))).to(dtype).chunk(2, dim=1)
        out: Tensor = torch.fft.irfft2(torch.complex(real, imaginary), s=x.shape[2:], norm="ortho")
        return out
