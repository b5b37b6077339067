"""The contract of a network: the only things that the rest of restora may know of one."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from restora.layers import fold_parts
from restora.layers.pointwise import prefer_onednn


@dataclass(frozen=True)
class Requirements:
    """Size, channels, reach and precision of a network.

    Attributes:
        multiple: Number of pixels that height and width of the input must be multiples of.
        min_size: Smallest height and width in pixels.
        in_channels: Channels of the input, 3 or, of two views, 6; the output always has 3.
        receptive_field: Distance in pixels beyond which the output at a pixel depends on the input only
            through global statistics; ``None`` when unknown or unbounded.
        global_context: Whether the output at a pixel depends on statistics of the whole input (global pooling,
            instance norm), so that a tile and the whole image give different results.
        matches_content: Whether a pixel takes from similar places anywhere in the input, so that what else a tile
            holds decides how much noise stays in all of it, and neighbours must fade into one another slowly.
        square: Whether the network is at home in squares alone: an image of another shape is restored in square tiles.
        precisions: Names of the torch dtypes in which the network was measured to be safe.
        scales: Number of supervised outputs, of which the last is full size.
        min_batch: Smallest batch in training mode; a batch norm of what is pooled needs two.
        engine_tile: Side in pixels of the tiles that engines of one size compile it for; see `engine_side`.
        exports_quickly: Whether its graph is traced within seconds, so that ``engine="auto"`` may do it for one photograph.

    Example:
        >>> needs = Requirements(multiple=16, min_size=32, global_context=True)
        >>> needs.fitting_side(100), needs.engine_side
        (112, 512)
    """

    multiple: int = 1
    min_size: int = 1
    in_channels: int = 3
    receptive_field: int | None = None
    global_context: bool = False
    matches_content: bool = False
    square: bool = False
    precisions: tuple[str, ...] = ("float32",)
    scales: int = 1
    min_batch: int = 1
    engine_tile: int = 512
    exports_quickly: bool = True

    def fitting_side(self, side: int) -> int:
        """Return the smallest height or width in pixels that the network takes and that is no less than a given one.

        Example:
            >>> Requirements(multiple=4, min_size=8).fitting_side(5), Requirements(multiple=4).fitting_side(13)
            (8, 16)
        """
        side = max(side, self.min_size)
        return side + -side % self.multiple

    @property
    def engine_side(self) -> int:
        """Side of the tiles that engines of one size run, in pixels."""
        return self.fitting_side(self.engine_tile)


class RestorationNetwork(nn.Module, ABC):
    """Base class of every network and of everything that wraps one.

    A network says what it is (`config`) and needs (`requirements`) and restores (`forward`). One that is supervised at
    several scales also overrides `forward_scales`, of which `forward` is then the last; one that has a cheaper form
    for inference overrides `fold`.

    Attributes:
        config: Hyper-parameters, a dataclass; ``None`` for a module that restora does not know.
        card: Weights card of the weights that were loaded; ``None`` without one.

    Example:
        >>> class Brighter(RestorationNetwork):
        ...     requirements = Requirements(multiple=2)
        ...     def forward(self, x):
        ...         return x + 0.1
        >>> [scale.shape for scale in Brighter().forward_scales(torch.rand(1, 3, 4, 6))]
        [torch.Size([1, 3, 4, 6])]
    """

    config: Any = None
    card: Any = None

    @property
    @abstractmethod
    def requirements(self) -> Requirements:
        """Sizes, channels and precisions that the network takes."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Restore images.

        Args:
            x: (B, C, H, W), RGB in [0, 1], H and W as `requirements` ask. Six channels are RGB of the left and of the
                right view of a dual-pixel sensor.

        Returns:
            (B, 3, H, W), not clamped.
        """

    def forward_scales(self, x: Tensor) -> list[Tensor]:
        """Restore images at every supervised scale, coarse to fine; the last is what `forward` returns."""
        return [self(x)]

    def fold(self) -> Self:
        """Return a copy whose layers have their cheaper, equal form for inference."""
        folded = copy.deepcopy(self)
        fold_parts(folded)
        return folded

    def from_one_view(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights as this network takes them: of those for one view each of two views gets half.

        Args:
            weights: Of a network of the same size, for one view or for as many as this one.
        """
        own = self.state_dict()
        return {
            name: torch.cat([weight, weight], 1) / 2
            if weight.ndim == 4
            and name in own
            and own[name].shape == (len(weight), 2 * weight.shape[1], *weight.shape[2:])
            else weight
            for name, weight in weights.items()
        }

    def to_device(self, device: torch.device) -> Self:
        """Move to a device, with kernels channels last in memory, where convolutions are fastest."""
        moved: Self = self.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if device.type == "cpu":
            prefer_onednn(moved)
        return moved


class _Adapted(RestorationNetwork):
    """A module that is no `RestorationNetwork`, seen as one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    @property
    def requirements(self) -> Requirements:
        """The module's own, if it has any; else it is taken to accept anything."""
        own = getattr(self.network, "requirements", None)
        return own if isinstance(own, Requirements) else Requirements()

    def forward(self, x: Tensor) -> Tensor:
        """Run the module."""
        out: Tensor = self.network(x)
        return out


def as_network(module: nn.Module) -> RestorationNetwork:
    """Return a network as it is, and any other module wrapped so that it keeps the contract.

    Args:
        module: Restores (B, C, H, W) -> (B, 3, H, W). It may have `Requirements` as ``requirements``; one without is
            taken to accept anything.

    Example:
        >>> as_network(nn.Conv2d(3, 3, 3, padding=1)).requirements.multiple
        1
    """
    return module if isinstance(module, RestorationNetwork) else _Adapted(module)
