"""KiT's weights: its authors published none, so the keys are ours, and only those are recognised."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor


def hyper_parameters(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tell width, blocks, shared projection and resampling from a state dict.

    Patch size, k, h, weights and hash leave no trace in keys and shapes.
    """
    width, _, _, _ = state["stem.0.weight"].shape
    blocks = [0, 0, 0, 0]
    for key in state:
        if match := re.match(r"(?:encoder\.([012])|bottleneck)\.(\d+)\.attention\.query\.", key):
            scale = 3 if match[1] is None else int(match[1])
            blocks[scale] = max(blocks[scale], int(match[2]) + 1)
    return {
        "width": width,
        "blocks": tuple(blocks),
        "shared_projection": "encoder.0.0.attention.key.weight" not in state,
        "resampling": "convolution" if "down.0.weight" in state else "bilinear",
    }
