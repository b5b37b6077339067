"""Pooling over a whole map, or over a window around each pixel as large as in training (TLC).

A network trained on small crops learns what means over such crops look like. Run on a large photograph, a global mean
is something else; a local one, over a window of about the crop, is what the network knows.

Source: Chu et al., "Improving Image Restoration by Revisiting Global Information Aggregation" (ECCV 2022), the
test-time local converter (TLC).
"""

from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers.exporting import is_exporting

Size = tuple[int, int]


class GlobalMean(nn.Module):
    """Mean over height and width: (B, C, H, W) -> (B, C, 1, 1).

    A module, without parameters, so that `with_local_statistics` finds it and puts a `LocalMean` in its place.
    What comes after it must therefore accept (B, C, H, W) as well.

    Example:
        >>> GlobalMean()(torch.ones(1, 2, 4, 4)).shape
        torch.Size([1, 2, 1, 1])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Compute the mean."""
        return global_mean(x)


def global_mean(x: Tensor) -> Tensor:
    """Compute the mean over height and width: (B, C, H, W) -> (B, C, 1, 1).

    Exported graphs sum along rows and then along columns, with a reshape between, for else runtimes make one sum of it.
    Some add up the values of a whole map one after another, which costs a digit that ChaIR needs.
    """
    if is_exporting():
        return x.mean(3).reshape(*x.shape[:2], 1, x.shape[2]).mean(3, keepdim=True)
    return x.mean((2, 3), keepdim=True)


class InstanceNorm(nn.InstanceNorm2d):
    """Instance norm whose exported graph sums as `global_mean` does.

    Example:
        >>> InstanceNorm(2)(torch.rand(1, 2, 4, 4)).shape
        torch.Size([1, 2, 4, 4])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, C, H, W) over height and width; the shape stays."""
        if not is_exporting():
            return super().forward(x)
        centred = x - global_mean(x)
        normed = centred * torch.rsqrt(global_mean(centred.square()) + self.eps)
        return normed * self.weight[:, None, None] + self.bias[:, None, None]


class LocalMean(nn.Module):
    """Mean over a window around each pixel, moved inward at the borders: (B, C, H, W) -> (B, C, H, W).

    When the map fits into the window, the mean is global, (B, C, 1, 1). When only one side fits, the mean covers all of
    that side.

    Args:
        window: Height and width of the window in pixels of the feature map.

    Example:
        >>> import torch
        >>> pool = LocalMean((3, 5))
        >>> pool(torch.rand(1, 2, 8, 9)).shape, pool(torch.rand(1, 2, 3, 4)).shape
        (torch.Size([1, 2, 8, 9]), torch.Size([1, 2, 1, 1]))
    """

    def __init__(self, window: Size) -> None:
        super().__init__()
        self.window = window

    @classmethod
    def for_training(cls, features: Size, images: Size) -> Self:
        """Build the mean whose window covers 1.5 times a training image.

        Args:
            features: Height and width of the feature map that belongs to a training image.
            images: Height and width of the training images.
        """
        return cls(_window(features, images))

    def forward(self, x: Tensor) -> Tensor:
        """Compute the means."""
        if self.window[0] >= x.shape[2] and self.window[1] >= x.shape[3]:
            return global_mean(x)
        return _extended(box_means(x, self.window), (x.shape[2], x.shape[3]))

    def extra_repr(self) -> str:
        """Name the window."""
        return f"window={self.window}"


class SubsampledLocalMean(LocalMean):
    """`LocalMean` of every n-th pixel, an approximation: faster, and visibly different from the exact one.

    As the authors of the idea wrote it: the step is the largest of 5, 4, 3, 2, 1 that divides a side, but not above
    ``steps``, and the window that starts at the first of the pixels is left out.

    Args:
        window: Height and width of the window in pixels of the feature map.
        steps: The largest steps along height and width.

    Example:
        >>> import torch
        >>> x = torch.rand(1, 2, 40, 40)
        >>> SubsampledLocalMean((20, 20), (5, 5))(x).shape
        torch.Size([1, 2, 40, 40])
    """

    def __init__(self, window: Size, steps: Size) -> None:
        super().__init__(window)
        self.steps = steps

    @classmethod
    def for_training(cls, features: Size, images: Size) -> Self:
        """Build the mean whose window covers 1.5 times a training image; 5 pixels of it make the largest step."""
        steps = [max(1, 5 * feature // image) for feature, image in zip(features, images, strict=True)]
        return cls(_window(features, images), (steps[0], steps[1]))

    def forward(self, x: Tensor) -> Tensor:
        """Compute the means."""
        height, width = x.shape[2:]
        if self.window[0] >= height and self.window[1] >= width:
            return x.mean((2, 3), keepdim=True)
        down, right = min(self.steps[0], _step(height)), min(self.steps[1], _step(width))
        y = x[:, :, ::down, ::right]
        rows, columns = y.shape[2:]
        window = min(rows - 1, self.window[0] // down), min(columns - 1, self.window[1] // right)
        means = box_means(y[:, :, 1:, 1:], window)
        means = means.repeat_interleave(down, dim=2).repeat_interleave(right, dim=3)
        return _extended(means, (height, width))


def box_means(x: Tensor, window: Size) -> Tensor:
    """Return the mean of every box of a feature map.

    Args:
        x: (B, C, H, W).
        window: Height h and width w of the box, cut to H and W.

    Returns:
        (B, C, H - h + 1, W - w + 1).

    Example:
        >>> import torch
        >>> box_means(torch.tensor([[[[1.0, 3.0, 5.0]]]]), (1, 2))
        tensor([[[[2., 4.]]]])
    """
    for dim, size in zip((3, 2), reversed(window), strict=True):
        length = x.shape[dim]
        size = min(size, length)
        if size == length:
            x = x.mean(dim, keepdim=True)
            continue
        sums = F.pad(x.cumsum(dim), (1, 0) if dim == 3 else (0, 0, 1, 0))  # differences of running sums
        x = (sums.narrow(dim, size, length - size + 1) - sums.narrow(dim, 0, length - size + 1)) / size
    return x


def _window(features: Size, images: Size) -> Size:
    height, width = (
        feature * (3 * image // 2) // image for feature, image in zip(features, images, strict=True)
    )
    return height, width


def _step(length: int) -> int:
    return next(step for step in (5, 4, 3, 2, 1) if length % step == 0)


def _extended(means: Tensor, size: Size) -> Tensor:
    """Repeat the outermost means up to the size of the map, the odd one at the bottom and at the right."""
    missing_rows, missing_columns = size[0] - means.shape[2], size[1] - means.shape[3]
    top, left = missing_rows // 2, missing_columns // 2
    return F.pad(means, (left, missing_columns - left, top, missing_rows - top), mode="replicate")
