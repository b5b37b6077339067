"""Images cut into a grid of square patches, and put together again."""

from math import isqrt

from torch import Tensor


def split_patches(x: Tensor, size: int) -> Tensor:
    """Cut features into non-overlapping patches, numbered row by row.

    Patch ``p = row * (W / size) + column``; pixel ``i = dy * size + dx`` inside it. A flattened patch is pixel-major,
    its channels fastest.

    Args:
        x: Features (B, C, H, W); H and W multiples of ``size``.
        size: Side r of a patch in pixels.

    Returns:
        (B, N, r * r, C) with N = H W / r^2, contiguous.

    Raises:
        ValueError: H or W is no multiple of ``size``.

    Example:
        >>> import torch
        >>> split_patches(torch.arange(8.0).view(1, 1, 2, 4), 2)[0, :, :, 0]
        tensor([[0., 1., 4., 5.],
                [2., 3., 6., 7.]])
    """
    B, C, H, W = x.shape
    if H % size or W % size:
        raise ValueError(f"height and width must be multiples of the patch size {size}, got {H} x {W}")
    pixels = x.permute(0, 2, 3, 1)  # (B, H, W, C), contiguous where x is channels last
    grid = pixels.reshape(B, H // size, size, W // size, size, C)
    return grid.transpose(2, 3).reshape(B, H * W // size**2, size * size, C)


def join_patches(patches: Tensor, height: int, width: int) -> Tensor:
    """Undo `split_patches`.

    Args:
        patches: (B, N, r * r, C).
        height: H of the features in pixels.
        width: W of the features in pixels.

    Returns:
        (B, C, H, W), channels last in memory.
    """
    B, _, pixels, C = patches.shape
    size = isqrt(pixels)
    grid = patches.reshape(B, height // size, width // size, size, size, C)
    return grid.transpose(2, 3).reshape(B, height, width, C).permute(0, 3, 1, 2)
