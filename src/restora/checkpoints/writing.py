"""Weights and their card to disk."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from restora.atomic import replacement
from restora.checkpoints.cards import WeightsCard
from restora.errors import RestoraError


def save_weights(folder: str | Path, state: Mapping[str, Tensor], card: WeightsCard) -> Path:
    """Write ``NAME.safetensors`` and the card ``NAME.json`` into a folder, replacing older ones.

    Args:
        folder: Made if missing.
        state: The weights, under restora's own keys.
        card: Its ``precision`` says in which floating-point type the values are stored; ``sha256`` is filled in.

    Returns:
        The path of the weights.

    Raises:
        RestoraError: The folder cannot be written.
    """
    dtype = getattr(torch, card.precision)
    stored = {
        name: (value.to(dtype) if value.is_floating_point() else value).contiguous().cpu()
        for name, value in state.items()
    }
    content = save(stored, metadata={"format": "pt", "restora": card.name})
    card = card.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    path = Path(folder) / f"{card.name}.safetensors"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for target, new in (
            (path, content),
            (path.with_suffix(".json"), card.model_dump_json(indent=2).encode() + b"\n"),
        ):
            with replacement(target) as stream:
                stream.write(new)
    except OSError as error:
        raise RestoraError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error
    return path
