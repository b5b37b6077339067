"""A contact sheet of a photograph with every degradation."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Generator, Tensor

from restora.degradations.composition import Compose
from restora.degradations.degradation import DEGRADATIONS, Degradation, find_preset
from restora.pixels import gray_to_rgb
from restora.tensors import to_tensor

TILE = (360, 480)
"""Rows and columns of a picture on the sheet; at this size degradations look as on their data sets."""
COLUMNS = 5
MARGIN = 8
CAPTION = 26
PAPER = 1.0

TOGETHER = ("rain/light", "sensor/strong", "jpeg/30")
"""Presets that the last picture shows one after the other."""


def gallery(photograph: Tensor, seed: int = 0) -> Tensor:
    """Lay out a photograph, and below and beside it what every preset makes of it, with captions.

    Args:
        photograph: (3, H, W) in [0, 1]; its middle is shown, reduced or enlarged to `TILE`.
        seed: Each picture is what its degradation makes of the tile under this seed.

    Returns:
        (3, H', W') in [0, 1].
    """
    tile = _fitted(photograph)
    pictures = [("clean", tile)]
    for caption, degradation in _degradations():
        generator = Generator(device=tile.device).manual_seed(seed)
        degraded = degradation(tile, generator)
        if degraded.shape[1] == 6:  # so that what differs between the views is coloured
            degraded, caption = (
                torch.cat([degraded[:, :1], degraded[:, 4:]], 1),
                f"{caption} (red left, cyan right)",
            )
        pictures.append((caption, degraded))
    rows = -(-len(pictures) // COLUMNS)
    cell = (TILE[0] + CAPTION + MARGIN, TILE[1] + MARGIN)
    sheet = torch.full((3, rows * cell[0] + MARGIN, COLUMNS * cell[1] + MARGIN), PAPER, device=tile.device)
    for number, (caption, picture) in enumerate(pictures):
        top = MARGIN + number // COLUMNS * cell[0]
        left = MARGIN + number % COLUMNS * cell[1]
        sheet[:, top : top + TILE[0], left : left + TILE[1]] = picture[0].clamp(0, 1)
        below = top + TILE[0]
        sheet[:, below : below + CAPTION, left : left + TILE[1]] = _lettered(caption).to(tile.device)
    return sheet


def _degradations() -> Iterator[tuple[str, Degradation]]:
    """Yield every preset, and the defaults of kinds that have none, with captions."""
    for kind, made in DEGRADATIONS.items():
        for name, changes in made.presets.items():
            if changes or not made.number:  # else it is the others of its family at random
                yield f"{made.family} {name}", made.preset(name)
        if made.family and not made.presets:
            yield kind.replace("_", " "), made()
    yield ", ".join(TOGETHER).replace("/", " "), Compose(tuple(map(find_preset, TOGETHER)))


def _fitted(photograph: Tensor) -> Tensor:
    """Scale and cut to `TILE`: (1, 3, *TILE)."""
    height, width = photograph.shape[-2:]
    scale = max(TILE[0] / height, TILE[1] / width)
    size = max(TILE[0], round(height * scale)), max(TILE[1], round(width * scale))
    scaled = torch.nn.functional.interpolate(
        photograph[None].float(), size, mode="bilinear", antialias=True, align_corners=False
    )
    top, left = (size[0] - TILE[0]) // 2, (size[1] - TILE[1]) // 2
    return scaled[..., top : top + TILE[0], left : left + TILE[1]]


def _lettered(caption: str) -> Tensor:
    """Draw a caption on paper: (3, CAPTION, TILE columns)."""
    from PIL import Image, ImageDraw, ImageFont

    label = Image.new("L", (TILE[1], CAPTION), 255)
    ImageDraw.Draw(label).text((2, 2), caption, font=ImageFont.load_default(size=17), fill=0)
    return to_tensor(gray_to_rgb(np.array(label)))
