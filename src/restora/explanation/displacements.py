"""Displacements: where the deformable layers of DeRestormer look."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from restora.errors import RestoraError
from restora.layers import DeformableConv2d
from restora.networks import RestorationNetwork
from restora.networks.watching import padded_input, watched
from restora.pixels import to_uint8

WINDOW = 24
"""Pixels of the picture around each query that its tile shows, either way."""
ENLARGEMENT = 8


@dataclass(frozen=True)
class SampledPositions:
    """Positions that the taps of a deformable convolution read for some pixels.

    Attributes:
        layer: Name of the layer in the network.
        scale: Pixels of the picture for one of the layer's.
        positions: (Q, k * k, 2), columns and rows in pixels of the picture.
        strengths: (Q, k * k), factors of the taps, 0 to 2.

    Example:
        >>> grid = np.zeros((1, 9, 2), np.float32)
        >>> SampledPositions("join_full.largest.2", 1, grid, np.ones((1, 9), np.float32)).positions.shape
        (1, 9, 2)
    """

    layer: str
    scale: int
    positions: NDArray[np.float32]
    strengths: NDArray[np.float32]


def sampled_positions(
    network: RestorationNetwork, image: NDArray[Any], queries: Sequence[tuple[int, int]]
) -> list[SampledPositions]:
    """Run a network over a picture and note where its deformable convolutions read for some pixels.

    Args:
        network: One with deformable convolutions, as DeRestormer has; it is left as it was.
        image: (H, W, 3), of any depth.
        queries: Columns and rows of the pixels.

    Returns:
        One for each deformable convolution, in the order of the network.

    Raises:
        RestoraError: The network has none, or a query lies outside of the picture.

    Example:
        >>> from restora.networks import create_model
        >>> network = create_model("derestormer", "tiny")
        >>> positions = sampled_positions(network, np.full((32, 48, 3), 128, np.uint8), [(20, 10)])
        >>> positions[0].layer, positions[0].scale, positions[0].positions.shape
        ('join_full.largest.2', 1, (1, 9, 2))
    """
    layers = {name: m for name, m in network.named_modules() if isinstance(m, DeformableConv2d)}
    if not layers:
        raise RestoraError("this network has no deformable convolutions; take one of DeRestormer's")
    for column, row in queries:
        if not (0 <= column < image.shape[1] and 0 <= row < image.shape[0]):
            raise RestoraError(
                f"a query must lie within {image.shape[1]} x {image.shape[0]}, got {column},{row}"
            )
    x = padded_input(network, image)
    names = {layer: name for name, layer in layers.items()}
    found: dict[str, SampledPositions] = {}

    def note(layer: DeformableConv2d, features: Tensor) -> None:
        scale = x.shape[-1] // features.shape[-1]
        found[names[layer]] = _positions(names[layer], layer, features, scale, queries)

    watched(network, list(layers.values()), note, x)
    return [found[name] for name in layers if name in found]


def _positions(
    name: str, layer: DeformableConv2d, features: Tensor, scale: int, queries: Sequence[tuple[int, int]]
) -> SampledPositions:
    offsets, strengths = (found[0] for found in layer.taps(features))
    taps = len(strengths)
    side = round(taps**0.5)
    grid = torch.stack(torch.meshgrid(*[torch.arange(side) - side // 2] * 2, indexing="ij"), 2).view(-1, 2)
    positions = []
    for column, row in queries:
        here = torch.tensor([row // scale, column // scale])
        tap = here + grid + offsets[:, here[0], here[1]].view(taps, 2)  # (k * k, 2), rows first
        positions.append((tap.flip(1) + 0.5) * scale - 0.5)
    chosen = torch.stack([strengths[:, row // scale, column // scale] for column, row in queries])
    return SampledPositions(name, scale, torch.stack(positions).float().numpy(), chosen.float().numpy())


def draw_positions(
    image: NDArray[Any], queries: Sequence[tuple[int, int]], layers: Sequence[SampledPositions]
) -> NDArray[np.uint8]:
    """Draw what is read around each query: a row for each query, a column for each layer.

    Args:
        image: (H, W, 3), of any depth.
        queries: As given to `sampled_positions`.
        layers: From it.

    Returns:
        (Q * T, L * T, 3) bytes with T the side of a tile. A square marks the query, a disc each tap, the larger the stronger it
        counts.

    Example:
        >>> from restora.networks import create_model
        >>> network, image = create_model("derestormer", "tiny"), np.full((32, 48, 3), 128, np.uint8)
        >>> layers = sampled_positions(network, image, [(20, 10)])
        >>> draw_positions(image, [(20, 10)], layers[:2]).shape
        (392, 784, 3)
    """
    picture = to_uint8(image)
    border = np.pad(picture, [(WINDOW, WINDOW), (WINDOW, WINDOW), (0, 0)], mode="symmetric")
    rows = []
    for q, (column, row) in enumerate(queries):
        around = border[row : row + 2 * WINDOW + 1, column : column + 2 * WINDOW + 1]
        tiles = []
        for i, layer in enumerate(layers):
            tile = np.ascontiguousarray(around.repeat(ENLARGEMENT, 0).repeat(ENLARGEMENT, 1))
            middle = (WINDOW * ENLARGEMENT, WINDOW * ENLARGEMENT)
            far = tuple(m + ENLARGEMENT - 1 for m in middle)
            cv2.rectangle(tile, middle, far, (255, 255, 255), 2)
            colour = tuple(int(255 * part) for part in colorsys.hsv_to_rgb(i / len(layers), 1, 1))
            for (x, y), strength in zip(layer.positions[q], layer.strengths[q], strict=True):
                centre = (
                    round((x - column + WINDOW + 0.5) * ENLARGEMENT),
                    round((y - row + WINDOW + 0.5) * ENLARGEMENT),
                )
                cv2.circle(tile, centre, 1 + round(3 * float(strength)), (0, 0, 0), -1)
                cv2.circle(tile, centre, round(3 * float(strength)), colour, -1)
            cv2.rectangle(tile, (0, 0), (tile.shape[1] - 1, tile.shape[0] - 1), (255, 255, 255), 1)
            tiles.append(tile)
        rows.append(np.hstack(tiles))
    return np.vstack(rows)
