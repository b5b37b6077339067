"""Writing of weights and their card."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from restora.atomic import claimed, write_file
from restora.checkpoints.cards import WeightsCard
from restora.checkpoints.reading import CHECKSUM, checksum
from restora.errors import RestoraError
from restora.networks.architecture import some


def save_weights(folder: str | Path, state: Mapping[str, Tensor], card: WeightsCard) -> Path:
    """Write ``NAME.safetensors`` and the card ``NAME.json`` into a folder, replacing older ones.

    Args:
        folder: Made if missing.
        state: The weights, under restora's own keys.
        card: Its ``precision`` says in which floating-point type the values are stored; ``sha256`` is filled in.

    Returns:
        The path of the weights.

    Raises:
        RestoraError: A value is not finite, or too large for the type, or the folder cannot be written.

    Example:
        >>> import tempfile
        >>> from restora.checkpoints import load_model
        >>> network = load_model("denoise-chair-tiny")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     card = network.card.model_copy(update={"name": "mine", "precision": "bfloat16"})
        ...     save_weights(folder, network.state_dict(), card).name
        'mine.safetensors'
    """
    dtype = getattr(torch, card.precision)
    stored = {
        name: (value.to(dtype) if value.is_floating_point() else value).contiguous().cpu()
        for name, value in state.items()
    }
    if unsound := [name for name, value in stored.items() if not bool(value.isfinite().all())]:
        raise RestoraError(
            f"{card.name}: {some(unsound)} hold values that are not finite in {card.precision}; store them in float32, or"
            " train with a lower learning rate"
        )
    content = _ordered(save(stored, metadata={"format": "pt", CHECKSUM: checksum(stored)}))
    path = Path(folder) / f"{card.name}.safetensors"
    card = card.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    with claimed(path):  # two at once might leave the weights of one with the card of the other
        write_file(path, content)
        write_card(path.with_suffix(".json"), card)
    return path


def _ordered(content: bytes) -> bytes:
    """Order the metadata of safetensors, which it writes in random order, so that the same weights give the same bytes."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return content[:8] + ordered.ljust(end - 8) + content[end:]


def write_card(path: Path, card: WeightsCard) -> None:
    """Write a card, replacing an older one.

    Raises:
        RestoraError: The folder cannot be written.
    """
    write_file(path, card.model_dump_json(indent=2).encode() + b"\n")
