"""What a network looks at, in one picture."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.explanation.channels import channel_weights, draw_channel_weights
from restora.explanation.displacements import draw_positions, sampled_positions
from restora.explanation.neighbours import draw_knn_groups
from restora.explanation.receptive_field import draw_receptive_field, receptive_field
from restora.networks import RestorationNetwork, knn_groups
from restora.networks.kit import KiT

LARGEST = 512
"""Side in pixels of the part of the picture that is run through the network, around the first point."""

What = Literal["receptive-field", "neighbours", "offsets", "channels"]


def drawn(
    what: What, network: RestorationNetwork, image: NDArray[np.uint8], points: list[tuple[int, int]]
) -> NDArray[np.uint8]:
    """Draw what a network looks at.

    Args:
        what: Receptive field, neighbours (of KiT), offsets (of DeRestormer) or channels (of ChaIR).
        network: In evaluation mode.
        image: (H, W, 3); at most `LARGEST` pixels a side around the first point are looked at.
        points: Columns and rows of the pixels in question; those outside of that part are left out.

    Returns:
        (height, width, 3).

    Raises:
        RestoraError: The network has no such thing.

    Example:
        >>> from restora.networks import create_model
        >>> image = np.full((40, 60, 3), 128, np.uint8)
        >>> drawn("receptive-field", create_model("chair", "tiny"), image, [(30, 20)]).shape
        (40, 128, 3)
    """
    image, points = _around(image, points)
    match what:
        case "receptive-field":
            fields = [
                draw_receptive_field(image, receptive_field(network, image, point), point) for point in points
            ]
            return np.vstack(fields)
        case "neighbours":
            if not isinstance(network, KiT):
                raise RestoraError("neighbours are looked up by KiT alone; take weights of a KiT")
            groups = knn_groups(network, image)
            return draw_knn_groups(image, groups, [groups.patch_at(x, y) for x, y in points], look_back=True)
        case "offsets":
            return draw_positions(image, points, sampled_positions(network, image, points))
        case "channels":
            return draw_channel_weights(channel_weights(network, image))


def _around(
    image: NDArray[np.uint8], points: list[tuple[int, int]]
) -> tuple[NDArray[np.uint8], list[tuple[int, int]]]:
    """Cut a large picture around the first point; points outside of the part are left out."""
    height, width = image.shape[:2]
    left, top = (
        max(0, min(p - LARGEST // 2, side - LARGEST))
        for p, side in zip(points[0], (width, height), strict=True)
    )
    part = image[top : top + LARGEST, left : left + LARGEST]
    inside = [(x - left, y - top) for x, y in points]
    return part, [(x, y) for x, y in inside if 0 <= x < part.shape[1] and 0 <= y < part.shape[0]]
