"""Channels: how ChaIR filters them, and which bands of its implicit frequency domain it lets through."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from restora.errors import RestoraError
from restora.networks import RestorationNetwork
from restora.networks.chair import ChannelFilterAttention
from restora.networks.watching import padded_input, watched
from restora.pixels import to_uint8

CELL = 8
"""Pixels of a cell of the drawing."""
MAP_WIDTH = 4 * 128
DECADES = 5
"""Powers of ten that the colours of the shares span."""


@dataclass(frozen=True)
class ChannelWeights:
    """What the two channel attentions of one block of ChaIR do to a picture.

    Attributes:
        block: Name of the block in the network.
        taps: (3, C), factors of the channel before, of the channel itself and of the one behind; without effect they are
            0, 1, 0.
        weights: (4, C), shares of the bands in the output, the highest band first; all together they add up to 1.
        bands: (4, h, w), mean absolute value over the channels of each band.

    Example:
        >>> shares = np.full((4, 2), 0.125, np.float32)
        >>> one = ChannelWeights("block", np.array([[0, 0], [1, 1], [0, 0]], np.float32), shares, np.ones((4, 8, 8), np.float32))
        >>> float(one.weights.sum())
        1.0
    """

    block: str
    taps: NDArray[np.float32]
    weights: NDArray[np.float32]
    bands: NDArray[np.float32]


def channel_weights(network: RestorationNetwork, image: NDArray[Any]) -> list[ChannelWeights]:
    """Run a ChaIR over a picture and note what its channel attentions do.

    Args:
        network: A ChaIR; it is left as it was.
        image: (H, W, 3), of any depth.

    Returns:
        One for each block that has both attentions, in the order of the network.

    Raises:
        RestoraError: The network has none.

    Example:
        >>> from restora.networks import create_model
        >>> found = channel_weights(create_model("chair", "tiny"), np.full((32, 48, 3), 128, np.uint8))
        >>> [(one.block, one.taps.shape, one.weights.shape) for one in found][0]
        ('encoder_quarter.0', (3, 64), (4, 64))
    """
    modules = dict(network.named_modules())
    filters = {n: m for n, m in modules.items() if isinstance(m, ChannelFilterAttention)}
    if not filters:
        raise RestoraError("this network has no channel attentions; take one of ChaIR's")
    pairs = {name.removesuffix(".attention.0"): layer for name, layer in filters.items()}
    names = {layer: block for block, layer in pairs.items()}
    names |= {modules[f"{block}.attention.1"]: block for block in pairs}
    taps: dict[str, Tensor] = {}
    rest: dict[str, tuple[Tensor, Tensor]] = {}

    def note(layer: Any, t: Tensor) -> None:
        if isinstance(layer, ChannelFilterAttention):
            taps[names[layer]] = torch.cat(layer.factors(t), dim=2)[0, ..., 0].T  # (3, C)
        else:
            levels, weights = layer.split(t)
            means = torch.cat([level.abs().mean(1) for level in levels])
            rest[names[layer]] = weights[0].view(layer.bands, -1), means

    watched(network, list(names), note, padded_input(network, image))
    return [
        ChannelWeights(block, taps[block].numpy(), weights.numpy(), bands.numpy())
        for block in pairs
        for weights, bands in [rest[block]]
    ]


def draw_channel_weights(blocks: Sequence[ChannelWeights]) -> NDArray[np.uint8]:
    """Draw them, block below block: the four bands as maps, below each the shares of its channels, at the end the taps.

    Returns:
        (h, w, 3), bytes. Maps are each as bright as their largest value; shares are logarithmic, black for a hundred-thousandth
        of the block's largest or less; taps are red below 0, blue above, white at 0.

    Example:
        >>> from restora.networks import create_model
        >>> found = channel_weights(create_model("chair", "tiny"), np.full((32, 48, 3), 128, np.uint8))
        >>> draw_channel_weights(found[:1]).shape
        (259, 1024, 3)
    """
    strips = [strip for block in blocks for strip in (_band_row(block), _share_row(block), _tap_row(block))]
    width = max(strip.shape[1] for strip in strips)
    filled = [
        np.pad(strip, [(0, CELL), (0, width - strip.shape[1]), (0, 0)], constant_values=255)
        for strip in strips
    ]
    return np.vstack(filled)


def _heat(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels = to_uint8(values / max(float(values.max()), 1e-12))
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1], np.uint8)


def _band_row(block: ChannelWeights) -> NDArray[np.uint8]:
    height, width = block.bands.shape[1:]
    size = (MAP_WIDTH // 4 * 2, round(MAP_WIDTH // 4 * 2 * height / width))
    maps = [cv2.resize(_heat(band), size, interpolation=cv2.INTER_NEAREST) for band in block.bands]
    return np.hstack(maps)


def _share_row(block: ChannelWeights) -> NDArray[np.uint8]:
    relative = np.log10(np.maximum(block.weights / block.weights.max(), 10.0**-DECADES))
    cells = _heat(1 + relative / DECADES)  # (4, C, 3)
    return np.hstack([_enlarged(row[None], MAP_WIDTH // 2) for row in cells])


def _tap_row(block: ChannelWeights) -> NDArray[np.uint8]:
    size = max(float(np.abs(block.taps).max()), 1e-12)
    signed = (block.taps / size)[..., None]
    red, blue = np.array([178, 24, 43]), np.array([33, 102, 172])
    colours = np.where(signed < 0, 255 + signed * (255 - red), 255 - signed * (255 - blue))
    return _enlarged(np.asarray(np.rint(colours), np.uint8), 4 * (MAP_WIDTH // 2))


def _enlarged(cells: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Enlarge cells (rows, C, 3) to a width, each row as high as two cells."""
    size = (width, 2 * CELL * len(cells))
    return np.asarray(cv2.resize(cells, size, interpolation=cv2.INTER_NEAREST), np.uint8)
