"""Convolution of every image of a batch with a kernel of its own."""

import torch
from torch import Tensor


class Spectrum:
    """Images ready to be convolved, at no more than one transform for each further kernel.

    At the border an image goes on as its mirror image, so a kernel whose sum is 1 keeps a constant image
    constant.

    Args:
        images: (B, C, H, W), float.
        radius: Radius of the largest kernel in pixels.
    """

    def __init__(self, images: Tensor, radius: int) -> None:
        self.radius = radius
        padded = reflected(images, radius)
        self.height, self.width = images.shape[-2:]
        self._size = [fast_length(side) for side in padded.shape[-2:]]
        self._transform = torch.fft.rfft2(padded, s=self._size)

    def convolved(self, kernels: Tensor) -> Tensor:
        """Convolve; like the images, (B, C, H, W).

        Args:
            kernels: (B or 1, C or 1, 2 r + 1, 2 r + 1) with r <= ``radius``, the centre in the middle.
        """
        radius = kernels.shape[-1] // 2
        if radius > self.radius:
            raise ValueError(f"a kernel of radius {radius} needs images padded by as much, got {self.radius}")
        product = self._transform * torch.fft.rfft2(kernels, s=self._size)
        # The kernel's centre is at (radius, radius): the result is shifted by as much, and by the padding.
        start = self.radius + radius
        spatial = torch.fft.irfft2(product, s=self._size)
        return torch.roll(spatial, (-start, -start), (-2, -1))[..., : self.height, : self.width]


def convolve(images: Tensor, kernels: Tensor) -> Tensor:
    """Convolve images with kernels, by Fourier transforms: at the same cost for kernels of any size.

    Args:
        images: (B, C, H, W), float; smaller than the kernel is allowed.
        kernels: (B or 1, C or 1, K, K) with K odd.

    Returns:
        (B, C, H, W).

    Example:
        >>> images = torch.rand(2, 3, 8, 9)
        >>> identity = torch.zeros(1, 1, 3, 3)
        >>> identity[..., 1, 1] = 1
        >>> torch.allclose(convolve(images, identity), images, atol=1e-6)
        True
    """
    return Spectrum(images, kernels.shape[-1] // 2).convolved(kernels)


def reflected(images: Tensor, radius: int) -> Tensor:
    """Continue images by mirror images, border pixels not repeated; more than once if need be."""
    height, width = (mirrored(side, radius, radius, images.device) for side in images.shape[-2:])
    return images[..., height[:, None], width]


def fast_length(side: int) -> int:
    """Return the next length without a prime factor above 5, of which Fourier transforms are fast.

    Example:
        >>> fast_length(127), fast_length(128), fast_length(197)
        (128, 128, 200)
    """
    while True:
        rest = side
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return side
        side += 1


def mirrored(side: int, before: int, after: int, device: torch.device) -> Tensor:
    """Return which pixels of a side stand where, from so many before it to so many after it: (before + side + after,).

    Example:
        >>> mirrored(3, 2, 4, torch.device("cpu")).tolist()
        [2, 1, 0, 1, 2, 1, 0, 1, 2]
    """
    index = torch.arange(-before, side + after, device=device)
    period = max(1, 2 * (side - 1))
    index = index.abs() % period
    return torch.minimum(index, period - index)
