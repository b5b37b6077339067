"""Deformable channel attention: keys and values are read at positions that depend on the image."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers.bilinear_sampling import bilinear_sample
from restora.layers.precision import full_precision


class DeformableChannelAttention(nn.Module):
    """Attention across the channels of each head, with displaced keys and values.

        y = W x,   q = (Q1 + Q2 + Q3) y  (3x3 kernels, dilated by 1, 2, 3),   k = K y,  v = V y  (dilated by 2)
        k^, v^ = k, v read at row j + b(i, j) / H, column i + a(i, j) / W      for the pixel of row i, column j
        output = P softmax(t q k^T / (|q| |k^|)) v^                            norms over the pixels, C/N x C/N a head

    Two things look like oversights of the published code, and its weights depend on both: rows and columns are
    exchanged, so that without displacement the transposed map is read (and nothing, that is zeros, where a map that is
    not square has no such pixel); and the displacements are divided by the size of the map.

    The matrix of the attention is so small that P is applied to it instead of to the pixels.

    Source: DeRestormer, whose code calls it DCNv4, which it is not; attention across channels as in Restormer
    (CVPR 2022).

    Args:
        channels: C of the features (B, C, H, W).
        heads: N, which divides C.

    Example:
        >>> DeformableChannelAttention(8, 2)(torch.rand(1, 8, 5, 6)).shape
        torch.Size([1, 8, 5, 6])
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)
        self.query_near, self.query_middle, self.query_far = (
            nn.Conv2d(channels, channels, 3, padding=d, dilation=d, bias=False) for d in (1, 2, 3)
        )
        self.key, self.value = (
            nn.Conv2d(channels, channels, 3, padding=2, dilation=2, bias=False) for _ in range(2)
        )
        self.displacement = nn.Conv2d(channels, 2 * heads, 3, padding=1)
        self.project = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Attend; (B, C, H, W) keeps its shape, the answer is channels last."""
        batch, channels, height, width = x.shape
        y = self.mix(x)
        q = self.query_near(y) + self.query_middle(y) + self.query_far(y)
        k, v = self._displaced(y)  # (B, H * W, N, C / N)
        q = q.permute(0, 2, 3, 1).reshape(v.shape)
        mixing = self._matrix(q, k)  # (B, C, C)
        out = torch.matmul(v.flatten(2), mixing.transpose(1, 2))  # (B, H * W, C)
        return out.view(batch, height, width, channels).permute(0, 3, 1, 2)

    def _displaced(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values (B, H * W, N, C / N), read where the displacements say."""
        channels, height, width = y.shape[1:]
        # A head's keys and values as neighbours, so that both are read at once.
        each = (self.heads, channels // self.heads, channels, 3, 3)
        kernel = torch.cat([self.key.weight.view(each), self.value.weight.view(each)], dim=1).flatten(0, 1)
        pairs = F.conv2d(y, kernel, padding=2, dilation=2).permute(0, 2, 3, 1)  # (B, H, W, 2C)
        displacement = self.displacement(y).to(torch.promote_types(y.dtype, torch.float32))
        a, b = displacement.permute(0, 2, 3, 1).chunk(2, dim=3)  # (B, H, W, N) each
        i = torch.arange(height, device=y.device).view(-1, 1, 1)
        j = torch.arange(width, device=y.device).view(-1, 1)
        rows, columns = (j + b / height).flatten(1, 2), (i + a / width).flatten(1, 2)  # (B, H * W, N)
        pairs = pairs.reshape(*pairs.shape[:3], self.heads, -1)  # (B, H, W, N, 2C / N)
        pairs = bilinear_sample(pairs, rows, columns)  # (B, H * W, N, 2C / N)
        k, v = pairs.chunk(2, dim=3)
        return k, v

    def _matrix(self, q: Tensor, k: Tensor) -> Tensor:
        """Return P times the attention of each head, from (B, H * W, N, C / N): (B, C, C)."""
        with full_precision(q):  # sums over all pixels
            q, k = q.to(k.dtype).permute(0, 2, 3, 1), k.permute(0, 2, 3, 1)  # (B, N, C / N, H * W)
            products = q @ k.transpose(2, 3)  # (B, N, C / N, C / N)
            q_norm, k_norm = (m.square().sum(dim=3, keepdim=True).clamp_min(1e-24).sqrt() for m in (q, k))
            attention = (self.temperature * products / (q_norm * k_norm.transpose(2, 3))).softmax(dim=3)
            projection = self.project.weight.view(-1, *products.shape[1:3])  # (C, N, C / N)
            return torch.einsum("ond,bnde->bone", projection, attention).flatten(2)
