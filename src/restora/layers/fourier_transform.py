"""The unitary two-dimensional Fourier transform of real maps, as real and imaginary parts."""

import math

import torch
from torch import Tensor

from restora.layers.exporting import is_exporting


def fourier(x: Tensor) -> tuple[Tensor, Tensor]:
    """Transform real maps (..., H, W): real and imaginary parts (..., H, W // 2 + 1), the others being conjugate.

    Runtimes lack complex numbers, so exported graphs multiply with real matrices: H + W products a value, which pays for
    itself on the maps of a tile.

    Example:
        >>> real, imaginary = fourier(torch.ones(2, 4))
        >>> real[0, 0].item(), round(imaginary.abs().max().item(), 6)
        (2.8284270763397217, 0.0)
    """
    if not is_exporting():
        z = torch.fft.rfft2(x, norm="ortho")
        return z.real, z.imag
    height, width = x.shape[-2:]
    cosines, sines = _waves(width, width // 2 + 1, x)
    rows = torch.cat([x @ cosines, -(x @ sines)], dim=-2)  # (..., 2 H, W // 2 + 1)
    both = _rotation(height, x) @ rows
    return both[..., :height, :], both[..., height:, :]  # chunks of unknown size are sequences in ONNX


def inverse_fourier(real: Tensor, imaginary: Tensor, width: int) -> Tensor:
    """Undo `fourier`: parts (..., H, W // 2 + 1) to maps (..., H, W).

    Args:
        real: Real parts.
        imaginary: Imaginary parts.
        width: W, which the parts do not tell.

    Example:
        >>> x = torch.rand(1, 2, 8, 6)
        >>> bool(torch.allclose(inverse_fourier(*fourier(x), 6), x, atol=1e-6))
        True
    """
    height = real.shape[-2]
    if not is_exporting():
        maps: Tensor = torch.fft.irfft2(torch.complex(real, imaginary), s=(height, width), norm="ortho")
        return maps
    columns = _rotation(height, real).T @ torch.cat([real, imaginary], dim=-2)
    real, imaginary = columns[..., :height, :], columns[..., height:, :]
    cosines, sines = _waves(width, width // 2 + 1, real)
    # All but the lowest, and the highest of an even width, stand for their conjugates too.
    frequency = torch.arange(width // 2 + 1, device=real.device)
    twice = torch.where((frequency == 0) | (2 * frequency == width), 1.0, 2.0)
    return (real * twice) @ cosines.T - (imaginary * twice) @ sines.T


def _rotation(length: int, like: Tensor) -> Tensor:
    """Return the transform of complex columns as a real matrix (2 n, 2 n) for real parts above imaginary ones."""
    cosines, sines = _waves(length, length, like)
    return torch.cat([torch.cat([cosines, sines], dim=1), torch.cat([-sines, cosines], dim=1)])


def _waves(length: int, frequencies: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosines and sines (n, m) of 2 pi j k / n, divided by sqrt(n)."""
    j, k = (torch.arange(count, device=like.device) for count in (length, frequencies))
    n = j[-1:] + 1  # a tensor: the sizes of a graph for any size are no numbers to ONNX
    turns = (j[:, None] * k % n).to(like.dtype) / n  # exact before it is rounded
    angles, scale = 2 * math.pi * turns, n.to(like.dtype) ** -0.5
    return angles.cos() * scale, angles.sin() * scale
