"""Modulated deformable convolution: taps move with the image and have a strength."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from restora.layers.bilinear_sampling import bilinear_sample, bilinear_sample_reference
from restora.layers.pointwise import pixel_linear

CPU_STRIP_VALUES = 2**20
"""Sampled values at a time on a CPU: they stay in its caches on their way to the matrix product."""

DEVICE_STRIP_VALUES = 2**26
"""The same elsewhere, where strips only bound the memory."""


def deformable_convolution(x: Tensor, offsets: Tensor, strengths: Tensor, weight: Tensor) -> Tensor:
    """Convolve with displaced taps: stride 1, zero padding k // 2, the same displacement for all channels.

        out[o, i, j] = sum over c and taps n = (p, r) of
            weight[o, c, p, r] strength[n, i, j] x[c](i + p - k // 2 + offset[2n, i, j], j + r - k // 2 + offset[2n + 1, i, j])

    where ``x[c](row, column)`` is bilinear with zeros outside.

    torchvision's operator does it on devices other than the CPU, if it is installed and found to agree. Otherwise a
    strip of pixels after another is sampled and multiplied with the kernel, so that the k*k displaced copies of x never
    exist as a whole; for gradients, a strip is sampled again.

    Args:
        x: (B, C, H, W).
        offsets: (B, 2 * k * k, H, W), in pixels; the rows' and the columns' of a tap are neighbours.
        strengths: (B, k * k, H, W).
        weight: (O, C, k, k), k odd.

    Returns:
        (B, O, H, W), channels last.

    Source: "Deformable ConvNets v2" (CVPR 2019), eq. 1.

    Example:
        >>> x, weight = torch.rand(1, 2, 5, 6), torch.rand(3, 2, 3, 3)
        >>> out = deformable_convolution(x, torch.zeros(1, 18, 5, 6), torch.ones(1, 9, 5, 6), weight)
        >>> torch.testing.assert_close(out, torch.nn.functional.conv2d(x, weight, padding=1))
    """
    if x.device.type not in ("cpu", "meta") and not torch.compiler.is_compiling():
        operator = torchvision_operator(x.device.type)
        if operator:
            out: Tensor = operator(x, offsets, weight, padding=weight.shape[2] // 2, mask=strengths)
            return out
    batch, channels, height, width = x.shape
    taps = weight.shape[2] ** 2
    # Once for all strips; nothing to do where the layout is channels last already.
    features = x.permute(0, 2, 3, 1).contiguous().unsqueeze(3)  # (B, H, W, 1, C)
    displacements = offsets.permute(0, 2, 3, 1).contiguous().view(batch, height, width, taps, 2)
    factors = strengths.permute(0, 2, 3, 1).contiguous()  # (B, H, W, k * k)
    matrix = weight.flatten(2).transpose(1, 2).flatten(1)  # (O, k * k * C)
    if torch.compiler.is_compiling():
        # A traced loop would be as long as the image, and its bounds fix the height.
        return _strip(features, displacements, factors, matrix, 0).permute(0, 3, 1, 2)
    values = CPU_STRIP_VALUES if x.device.type == "cpu" else DEVICE_STRIP_VALUES
    rows = max(1, values // (batch * width * taps * channels))
    strips = [
        _with_less_memory(
            _strip, features, displacements[:, y : y + rows], factors[:, y : y + rows], matrix, y
        )
        for y in range(0, height, rows)
    ]
    return torch.cat(strips, dim=1).permute(0, 3, 1, 2)


def _strip(features: Tensor, displacements: Tensor, factors: Tensor, matrix: Tensor, top: int) -> Tensor:
    """Convolve rows top, top + 1, ... of which the displacements (B, rows, W, k * k, 2) are given: (B, rows, W, O)."""
    batch, rows, width, taps = factors.shape
    side = round(taps**0.5)
    dtype = torch.promote_types(displacements.dtype, torch.float32)
    tap = torch.arange(taps, device=features.device)
    # Where a tap stands without displacement: (rows, 1, k * k) and (W, k * k).
    row = torch.arange(top, top + rows, device=features.device).view(-1, 1, 1) + tap // side - side // 2
    column = torch.arange(width, device=features.device)[:, None] + tap % side - side // 2
    row, column = (displacements[..., 0].to(dtype) + row), (displacements[..., 1].to(dtype) + column)
    sampled = bilinear_sample(
        features, *(t.reshape(batch, -1, 1) for t in (row, column, factors))
    )  # (B, P * k * k, 1, C)
    return pixel_linear(sampled.reshape(batch, rows, width, -1).to(matrix.dtype), matrix)


def _with_less_memory(function: Callable[..., Tensor], *arguments: Any) -> Tensor:
    """Call a function; where gradients are needed, keep its arguments only and compute it again for them."""
    if not torch.is_grad_enabled():
        return function(*arguments)
    out: Tensor = checkpoint(function, *arguments, use_reentrant=False, preserve_rng_state=False)
    return out


def deformable_convolution_reference(x: Tensor, offsets: Tensor, strengths: Tensor, weight: Tensor) -> Tensor:
    """Do what `deformable_convolution` does, a tap after another.

    Example:
        >>> x, offsets, strengths = torch.rand(1, 2, 5, 6), torch.zeros(1, 18, 5, 6), torch.ones(1, 9, 5, 6)
        >>> weight = torch.rand(4, 2, 3, 3)
        >>> out = deformable_convolution_reference(x, offsets, strengths, weight)
        >>> torch.allclose(out, F.conv2d(x, weight, padding=1), atol=1e-5)
        True
    """
    side = weight.shape[2]
    height, width = x.shape[2:]
    i = torch.arange(height, device=x.device).view(-1, 1)
    j = torch.arange(width, device=x.device)
    out = x.new_zeros(x.shape[0], weight.shape[0], height, width)
    for n in range(side**2):
        p, r = divmod(n, side)
        rows = (i + p - side // 2 + offsets[:, 2 * n]).flatten(1)[..., None]  # (B, H * W, 1)
        columns = (j + r - side // 2 + offsets[:, 2 * n + 1]).flatten(1)[..., None]
        sampled = bilinear_sample_reference(x.permute(0, 2, 3, 1)[:, :, :, None], rows, columns)
        sampled = sampled.reshape(x.shape[0], height, width, -1).permute(0, 3, 1, 2)  # (B, C, H, W)
        out = out + F.conv2d(sampled * strengths[:, n : n + 1], weight[:, :, p : p + 1, r : r + 1])
    return out


@cache
def torchvision_operator(device: str) -> Callable[..., Any] | None:
    """Return torchvision's deformable convolution if it is there, runs on the device and agrees; found once."""
    try:
        deform_conv2d = import_module("torchvision.ops").deform_conv2d
    except (ImportError, RuntimeError, AttributeError):  # missing, or built for another PyTorch
        return None
    generator = torch.Generator().manual_seed(0)
    x, offsets, strengths, weight = (
        torch.rand(shape, generator=generator).to(device)
        for shape in ((1, 4, 6, 7), (1, 18, 6, 7), (1, 9, 6, 7), (4, 4, 3, 3))
    )
    try:
        with torch.no_grad(), torch.autocast(device, enabled=False):
            theirs = deform_conv2d(x, 4 * offsets - 2, weight, padding=1, mask=strengths)
            ours = deformable_convolution_reference(x, 4 * offsets - 2, strengths, weight)
        operator: Callable[..., Any] = deform_conv2d
        return operator if torch.allclose(theirs, ours, rtol=1e-3, atol=1e-3) else None
    except RuntimeError:  # no kernel for this device
        return None


class DeformableConv2d(nn.Module):
    """A deformable convolution that finds displacements and strengths in its own input.

        offset = A x + a,   strength = 2 sigmoid(B x + b),   output = deformable convolution of x

    A, a, B and b start at zero: a new layer is a plain convolution.

    Args:
        in_channels: Channels of the input (B, in_channels, H, W).
        out_channels: Channels of the output (B, out_channels, H, W).
        kernel_size: Side k of all three square, odd kernels.

    Example:
        >>> DeformableConv2d(4, 8, 3)(torch.rand(1, 4, 5, 6)).shape
        torch.Size([1, 8, 5, 6])
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        taps, padding = kernel_size**2, kernel_size // 2
        self.offset = nn.Conv2d(in_channels, 2 * taps, kernel_size, padding=padding)
        self.strength = nn.Conv2d(in_channels, taps, kernel_size, padding=padding)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)  # as nn.Conv2d
        for parameter in (*self.offset.parameters(), *self.strength.parameters()):
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (B, in_channels, H, W)."""
        return deformable_convolution(x, *self.taps(x), self.weight)

    def taps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return displacements (B, 2 * k * k, H, W) in pixels and strengths (B, k * k, H, W), 0 to 2, of the taps."""
        strengths = 2 * torch.sigmoid(self.strength(x))
        return self.offset(x), strengths
