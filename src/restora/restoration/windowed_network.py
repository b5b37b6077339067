"""Windows without blending, one after another, as some networks were tested."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from restora.errors import RestoraError
from restora.networks.contract import Requirements, RestorationNetwork, as_network
from restora.restoration.tiling import round_up


class WindowedNetwork(RestorationNetwork):
    """Run a network on square windows of one size, each by itself, and put the answers together.

    Networks that use statistics of all they see give another answer for a window than for the whole image.
    Published scores of DeRestormer were measured in this way, with windows of 256 pixels (512 for defocus),
    as large as its training crops. For photographs, tiles that blend show no seams; for such scores, take
    ``Restorer(WindowedNetwork(model), tile=None)``.

    Args:
        network: The network to run on each window.
        side: Side of a window in pixels; images must be at least as large.

    Raises:
        RestoraError: The network does not take windows of that size.

    Example:
        >>> import restora
        >>> windowed = WindowedNetwork(restora.create_model("derestormer", "tiny").eval(), side=16)
        >>> windowed(torch.rand(1, 3, 20, 39)).shape
        torch.Size([1, 3, 20, 39])
    """

    def __init__(self, network: nn.Module, side: int = 256) -> None:
        super().__init__()
        self.network, self.side = as_network(network), side
        self.config = self.network.config
        needs = self.network.requirements
        if side % needs.multiple or side < needs.min_size:
            smallest = round_up(needs.min_size, needs.multiple)
            raise RestoraError(
                f"windows must be a multiple of {needs.multiple} and at least {smallest} for this network, got {side}"
            )

    @property
    def requirements(self) -> Requirements:
        """Any size from that of a window on; all else as the network."""
        return replace(self.network.requirements, multiple=1, min_size=self.side, square=False)

    def forward(self, x: Tensor) -> Tensor:
        """Restore (B, C, H, W) -> (B, 3, H, W), H and W at least a window."""
        windows = split_windows(x, self.side)
        # One after another: the same answers as from a batch of all of them, in the memory of one.
        answers = torch.cat([self.network(window) for window in torch.split(windows, 1)])
        return join_windows(answers, x.shape[2], x.shape[3])


def split_windows(x: Tensor, side: int) -> Tensor:
    """Cut images into windows.

    A grid from the top left corner; where it does not reach the right edge, windows along that edge; the same
    at the bottom; and one in the corner if both. In each of these four, ordered by image, row and column.

    Args:
        x: (B, C, H, W), H and W at least ``side``.
        side: Side of a window in pixels.

    Returns:
        (windows, C, side, side), those of all images together.

    Raises:
        RestoraError: A window is larger than the images.

    Example:
        >>> split_windows(torch.rand(1, 3, 10, 14), 4).shape  # 2 x 3, 2 at the right, 3 at the bottom, 1
        torch.Size([12, 3, 4, 4])
    """
    height, width = x.shape[2:]
    if min(height, width) < side:
        raise RestoraError(f"windows of {side} pixels do not fit into an image of {width}x{height}")
    parts = []
    for corners in _window_groups(height, width, side):
        cut = [x[:, :, top : top + side, left : left + side] for top, left in corners]
        parts.append(torch.stack(cut, dim=1).flatten(0, 1))
    return torch.cat(parts)


def join_windows(windows: Tensor, height: int, width: int) -> Tensor:
    """Put windows from `split_windows` together to images (B, C, height, width).

    Where windows overlap, the first one counts; so of those at the edges a strip is used that the grid leaves
    over.
    """
    count, channels, side, _ = windows.shape
    groups = list(_window_groups(height, width, side))
    batch = count // sum(len(corners) for corners in groups)
    images = windows.new_empty(batch, channels, height, width)
    parts = torch.split(windows, [batch * len(corners) for corners in groups])
    for corners, part in zip(groups, parts, strict=True):
        for (top, left), window in zip(corners, part.view(batch, -1, *part.shape[1:]).unbind(1), strict=True):
            y, x = round_up(top, side), round_up(left, side)  # what lies before has been put already
            images[:, :, y : top + side, x : left + side] = window[:, :, y - top :, x - left :]
    return images


def _window_groups(height: int, width: int, side: int) -> Iterator[list[tuple[int, int]]]:
    """Yield the corners of the windows: those of the grid, the right edge, the bottom edge, the corner."""
    tops, lefts = range(0, height - side + 1, side), range(0, width - side + 1, side)
    bottom = [height - side] if height % side else []
    right = [width - side] if width % side else []
    for rows, columns in ((tops, lefts), (tops, right), (bottom, lefts), (bottom, right)):
        if rows and columns:
            yield [(top, left) for top in rows for left in columns]
