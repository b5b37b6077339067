"""Drawing which patches of a photograph a KiT takes for neighbours, as the paper's figure 7 does."""

import colorsys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.networks import KNNGroups
from restora.pixels import to_uint8


def draw_knn_groups(
    image: NDArray[np.generic],
    groups: KNNGroups,
    queries: Sequence[int],
    *,
    look_back: bool = False,
    enlargement: int = 4,
) -> NDArray[np.uint8]:
    """Draw a box of one colour round each patch of a query's chunk, for some queries.

    Args:
        image: (H, W, 3), bytes or floats in [0, 1], that the groups are of.
        groups: From `knn_groups`.
        queries: Patch numbers; see `KNNGroups.patch_at`.
        look_back: Whether the patches of the chunk before get a dashed box.
        enlargement: How many pixels of the drawing stand for one of the image, along each side.

    Returns:
        (H * enlargement, W * enlargement, 3), bytes. Boxes in the padding are not seen.

    Raises:
        RestoraError: A query is no patch of the groups.

    Example:
        >>> from restora.networks import create_model, knn_groups
        >>> image = np.random.rand(32, 64, 3)
        >>> groups = knn_groups(create_model("kit", "tiny"), image)
        >>> draw_knn_groups(image, groups, [groups.patch_at(5, 9)]).shape
        (128, 256, 3)
    """
    canvas = to_uint8(image).repeat(enlargement, axis=0).repeat(enlargement, axis=1)
    for i, query in enumerate(queries):
        if not 0 <= query < len(groups.order):
            raise RestoraError(f"query must be from 0 to {len(groups.order) - 1}, got {query}")
        colour = np.array(colorsys.hsv_to_rgb(i / len(queries), 1, 1)) * 255
        if look_back:
            for patch in groups.looked_back_at(query):
                _draw_box(canvas, groups, int(patch), enlargement, colour, dash=max(1, enlargement))
        for patch in groups.members(query):
            _draw_box(canvas, groups, int(patch), enlargement, colour, dash=0)
    return canvas


def _draw_box(
    canvas: NDArray[np.uint8],
    groups: KNNGroups,
    patch: int,
    enlargement: int,
    colour: NDArray[np.float64],
    dash: int,
) -> None:
    """Draw the outline of a patch; dashes of so many pixels, or a line where it is 0."""
    side = groups.patch * enlargement
    thickness = max(1, side // 12)
    x, y = (corner * enlargement for corner in groups.corner(patch))
    along, across = np.mgrid[:side, :side]
    edge = np.minimum(np.minimum(along, across), side - 1 - np.maximum(along, across)) < thickness
    if dash:
        edge &= (along + across) // dash % 2 == 0
    area = canvas[y : y + side, x : x + side]  # cut off where the image ends
    area[edge[: area.shape[0], : area.shape[1]]] = colour
