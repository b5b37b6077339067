"""Receptive field: which pixels of a picture an output pixel depends on, and how much."""

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.networks import RestorationNetwork
from restora.networks.watching import evaluating, padded_input
from restora.pixels import to_uint8

DECADES = 5
"""Powers of ten that the colours span, down from the strongest dependence."""


def receptive_field(
    network: RestorationNetwork, image: NDArray[Any], pixel: tuple[int, int]
) -> NDArray[np.float32]:
    """Differentiate an output pixel with respect to every input pixel.

        r[i, j] = sum over c of | d (sum over o of out[o, y, x]) / d in[c, i, j] |

    What it shows is the *effective* receptive field (Luo et al., NeurIPS 2016): it depends on weights and picture, and falls
    off where the theoretical one does not.

    Args:
        network: Any network; it is left as it was.
        image: (H, W, 3), of any depth.
        pixel: Column x and row y of the output pixel.

    Returns:
        (H, W), 0 or more; 0 where the output pixel does not depend on the input pixel.

    Raises:
        RestoraError: The picture is not (H, W, 3), or the pixel lies outside.

    Example:
        >>> from restora.networks import create_model
        >>> network = create_model("chair", "tiny")
        >>> receptive_field(network, np.full((40, 60, 3), 128, np.uint8), (30, 20)).shape
        (40, 60)
    """
    column, row = pixel
    height, width = image.shape[:2]
    if not (0 <= column < width and 0 <= row < height):
        raise RestoraError(f"pixel must lie within {width} x {height}, got {column},{row}")
    x = padded_input(network, image).requires_grad_()
    with evaluating(network), torch.enable_grad():
        answer = network(x)[0, :, row, column].sum()
        (gradient,) = torch.autograd.grad(answer, x)
    strength: NDArray[np.float32] = gradient[0].abs().sum(0)[:height, :width].numpy()
    return strength


def draw_receptive_field(
    image: NDArray[Any], strength: NDArray[np.float32], pixel: tuple[int, int]
) -> NDArray[np.uint8]:
    """Draw a receptive field beside its picture: logarithmic, black for a hundred-thousandth of the strongest or less.

    Args:
        image: (H, W, 3), of any depth.
        strength: (H, W), from `receptive_field`.
        pixel: Column and row, marked by a cross.

    Returns:
        (H, 2 W + 8, 3), bytes: the picture, a white gap, the field.

    Example:
        >>> image = np.full((40, 60, 3), 128, np.uint8)
        >>> draw_receptive_field(image, np.ones((40, 60), np.float32), (30, 20)).shape
        (40, 128, 3)
    """
    relative = np.log10(np.maximum(strength / max(float(strength.max()), 1e-30), 10.0**-DECADES))
    field = cv2.applyColorMap(to_uint8(1 + relative / DECADES), cv2.COLORMAP_INFERNO)[..., ::-1]
    gap = np.full((len(image), 8, 3), 255, np.uint8)
    marked = np.ascontiguousarray(to_uint8(image))
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.drawMarker(marked, pixel, colour, cv2.MARKER_CROSS, 13, thickness)
    return np.hstack([marked, gap, field])
