"""A picture in, what is wrong with it out."""

from functools import cache
from pathlib import Path
from typing import Any

import torch

from restora.checkpoints.cards import WeightsCard, read_card
from restora.checkpoints.reading import read_tensors
from restora.diagnosis.findings import Calibration, Diagnosis
from restora.diagnosis.network import DiagnosisNetwork
from restora.diagnosis.windows import look
from restora.input_types import open_image
from restora.tensors import to_tensor

WEIGHTS = Path(__file__).parent / "weights" / "diagnosis.safetensors"
"""Apart from the weights that restore, for `restora.list_weights` lists those."""


def diagnose(image: Any) -> Diagnosis:
    """Tell what is wrong with a picture: noise, motion blur, defocus, rain, snow, haze, JPEG, or nothing.

    Looks at up to twelve windows of 192 pixels as they are, and at the whole picture reduced; a fifth of a second
    on a processor, whatever the size. Transparency is not looked at.

    Args:
        image: A path, bytes, a file object, a `Photograph`, a PIL image, an array (H, W) or (H, W, C) or a tensor (C, H, W); what a
            `Restorer` takes. Of two views of a dual-pixel sensor the left one is looked at.

    Returns:
        Confidences, and the level and the grain of the noise.

    Raises:
        RestoraError: No image, or one that cannot be read.

    Example:
        >>> import numpy as np
        >>> noise = np.random.default_rng(0).normal(128, 25, (200, 300, 3))
        >>> diagnosis = diagnose(noise.clip(0, 255).astype(np.uint8))
        >>> diagnosis.found[0], 20 < diagnosis.noise_level < 30, diagnosis.noise_is_coarse
        ('noise', True, False)
    """
    pixels = open_image(image).pixels
    windows, thumbnail = look(pixels if pixels.ndim == 2 else pixels[..., :3])
    network, calibration = diagnosis_network()
    with torch.inference_mode():
        answer = network(
            torch.stack([to_tensor(window) for window in windows])[None], to_tensor(thumbnail)[None]
        )
    return Diagnosis(
        calibration.confidences(answer.logits[0].tolist()),
        noise_level=2 ** float(answer.level[0]),
        noise_coarseness=float(answer.coarse[0].sigmoid()),
    )


@cache
def diagnosis_network() -> tuple[DiagnosisNetwork, Calibration]:
    """Load the network and its calibration from the package, once.

    Raises:
        RestoraError: The file or its card is missing or damaged.
    """
    card = diagnosis_card()
    network = DiagnosisNetwork()
    network.load_state_dict(read_tensors(WEIGHTS))
    network.eval()
    return network, Calibration(tuple(card.config["scales"]), tuple(card.config["offsets"]))


def diagnosis_card() -> WeightsCard:
    """Return the card of the network's weights: how it was trained, on what, and who took the photographs.

    Example:
        >>> diagnosis_card().parameters
        279290
    """
    return read_card(WEIGHTS.with_suffix(".json"))
