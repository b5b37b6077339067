"""A published checkpoint into safetensors with a card."""

import json
from dataclasses import asdict
from pathlib import Path

from restora.checkpoints.cards import WeightsCard
from restora.checkpoints.inspection import inspect_state_dict, precision_of
from restora.checkpoints.loading import load_model
from restora.checkpoints.reading import read_tensors
from restora.checkpoints.writing import save_weights
from restora.errors import RestoraError

PRECISIONS = ("float32", "float16", "bfloat16")


def convert_checkpoint(
    file: str | Path,
    folder: str | Path,
    *,
    name: str | None = None,
    task: str = "unknown",
    licence: str = "unknown",
    precision: str | None = None,
) -> Path:
    """Write a checkpoint's weights as safetensors under restora's keys, with a card.

    Args:
        file: A checkpoint of one of the known architectures.
        folder: Where ``NAME.safetensors`` and ``NAME.json`` go; made if missing.
        name: Name of the weights; that of the file by default.
        task: What they do.
        licence: As their authors say.
        precision: Type to store the values in; as they are by default.

    Returns:
        The path of the weights.

    Raises:
        RestoraError: The checkpoint is unsafe, damaged or unknown, or the folder cannot be written.
    """
    file, tensors = Path(file), read_tensors(file)
    precision = precision or precision_of(tensors)
    if precision not in PRECISIONS:
        raise RestoraError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    model = load_model(file)  # refuses what does not fit
    found = inspect_state_dict(tensors)
    card = WeightsCard(
        name=name or file.stem,
        task=task,
        architecture=found.architecture,
        variant=found.variant or "custom",
        config=json.loads(json.dumps(asdict(found.config))),
        parameters=found.parameters,
        precision=precision,
        licence=licence,
        description=f"converted from {file.name}; what it was trained on, its authors say",
        sha256="",
    )
    return save_weights(folder, model.state_dict(), card)
