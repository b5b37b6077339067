"""KiT's state dict. Its authors published none, so its names are ours, and only those are recognised."""

import re
from collections.abc import Mapping

from torch import Tensor

from restora.networks import KiTConfig


def official_name(name: str) -> str:
    """Return the key as it is.

    Example:
        >>> official_name("encoder.0.1.attention.query.weight")
        'encoder.0.1.attention.query.weight'
    """
    return name


def detect(state: Mapping[str, Tensor]) -> KiTConfig | None:
    """Tell the configuration from a state dict; ``None`` when it is no KiT.

    Patch size, k, h, weights and hash leave no trace in keys and shapes; they take the values of the paper.
    """
    stem = state.get("stem.0.weight")
    query = state.get("encoder.0.0.attention.query.weight")
    down = state.get("down.0.weight")
    if stem is None or query is None or stem.ndim != 4:
        return None
    blocks = [0, 0, 0, 0]
    for key in state:
        if match := re.match(r"(?:encoder\.([012])|bottleneck)\.(\d+)\.attention\.", key):
            scale = 3 if match[1] is None else int(match[1])
            blocks[scale] = max(blocks[scale], int(match[2]) + 1)
    try:
        return KiTConfig(
            width=stem.shape[0],
            blocks=(blocks[0], blocks[1], blocks[2], blocks[3]),
            shared_projection="encoder.0.0.attention.key.weight" not in state,
            resampling="bilinear" if down is None else "convolution",
        )
    except ValueError:
        return None
