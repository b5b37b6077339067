"""Lessons: what a network looks at in a picture, and a picture made worse."""

from collections.abc import Sequence
from pathlib import Path

import torch

from restora.checkpoints import load_model
from restora.degradations import Compose
from restora.degradations.photographs import COPIES, SIDE, clean_tensor, picture_steps, pixels_like
from restora.errors import RestoraError, suggestion
from restora.explanation import What, drawn
from restora.images import Photograph, read, write
from restora.networks import create_model
from restora.pixels import gray_to_rgb, to_uint8
from restora.web.restoring import Offer
from restora.web.visits import Visit

FRESH = {
    "DiNAT-IR, fresh weights": ("dinat_ir", "tiny"),
    "DeRestormer, fresh weights": ("derestormer", "tiny"),
}
"""Networks without weights in the package: name on the page -> network and variant."""


def looked_at(visit: Visit, what: What, name: str, offer: Offer) -> Path:
    """Draw what a network looks at in the picture that is shown, as ``restora explain`` does.

    Args:
        visit: Whose point says where; the middle without one.
        what: What is drawn.
        name: Of weights, or one of `FRESH`.
        offer: Of the page.

    Returns:
        A PNG.

    Raises:
        RestoraError: There is no picture, no such weights, or the network has no such thing.
    """
    photograph = read(visit.picture.file.path, max_pixels=offer.max_pixels).upright()
    if name in FRESH:
        torch.manual_seed(0)  # the same every time
        network = create_model(*FRESH[name])
    elif name in offer.weights:
        network = load_model(name)
    else:
        raise RestoraError(f"the weights {name!r} are not offered here{suggestion(name, offer.weights)}")
    across, down = visit.point or (0.5, 0.5)
    point = (
        min(int(across * photograph.width), photograph.width - 1),
        min(int(down * photograph.height), photograph.height - 1),
    )
    drawing = drawn(what, network.eval(), to_uint8(gray_to_rgb(photograph.pixels)), [point])
    return visit.png(Photograph(drawing))


def worsened(visit: Visit, presets: Sequence[str], seed: int, offer: Offer) -> Path:
    """Make the picture that is shown worse, as ``restora degrade`` does with the same presets and seed.

    Returns:
        A PNG as the command writes it, of a picture of at most 1280 pixels a side.

    Raises:
        RestoraError: There is no picture, or no or unknown presets.
    """
    picture = visit.picture
    if not presets:
        raise RestoraError(f"{picture.name}: nothing to do; choose some of the damages")
    steps = picture_steps(presets)
    photograph = read(picture.file.path, max_pixels=offer.max_pixels, copies=COPIES).upright()
    clean = clean_tensor(photograph, SIDE)
    sample = Compose(steps).sample(clean[None], torch.Generator().manual_seed(seed))
    made = Photograph(pixels_like(sample.degraded[0], photograph), metadata=photograph.metadata)
    return write(visit.new_folder("worse") / f"{picture.file.path.stem}-degraded.png", made)
