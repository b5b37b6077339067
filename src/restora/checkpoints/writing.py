"""Writing of weights and their card."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from restora.atomic import claimed, write_file
from restora.checkpoints.cards import WeightsCard


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
    # One entry of metadata: several are written in random order, and the hash would be random, too.
    content = save(stored, metadata={"format": "pt"})
    path = Path(folder) / f"{card.name}.safetensors"
    card = card.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    with claimed(path):  # two at once might leave the weights of one with the card of the other
        write_file(path, content)
        write_card(path.with_suffix(".json"), card)
    return path


def write_card(path: Path, card: WeightsCard) -> None:
    """Write a card, replacing an older one.

    Raises:
        RestoraError: The folder cannot be written.
    """
    write_file(path, card.model_dump_json(indent=2).encode() + b"\n")
