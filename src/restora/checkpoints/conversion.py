"""A checkpoint, published or of a training run, into safetensors with a card."""

import json
from dataclasses import asdict
from pathlib import Path

from restora.checkpoints.cards import WeightsCard
from restora.checkpoints.inspection import inspect_state_dict, precision_of
from restora.checkpoints.loading import load_model
from restora.checkpoints.reading import read_tensors
from restora.checkpoints.training_state import TrainingState, read_training_state
from restora.checkpoints.writing import save_weights
from restora.errors import RestoraError

PRECISIONS = ("float32", "float16", "bfloat16")


def convert_checkpoint(
    file: str | Path,
    folder: str | Path,
    *,
    name: str | None = None,
    task: str | None = None,
    licence: str = "unknown",
    precision: str | None = None,
) -> Path:
    """Write a checkpoint's weights as safetensors under restora's keys, with a card.

    Args:
        file: A checkpoint of one of the known architectures, or ``best.pt`` of a training run.
        folder: Where ``NAME.safetensors`` and ``NAME.json`` go; made if missing.
        name: Name of the weights; that of the file or of the training's recipe by default.
        task: What they do; as the training's recipe says by default.
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
    trained = read_training_state(file)
    card = WeightsCard(
        name=name or (trained.name if trained else file.stem),
        task=task or (trained.task if trained else "unknown"),
        architecture=found.architecture,
        variant=(trained.variant if trained else found.variant) or "custom",
        config=json.loads(json.dumps(asdict(trained.config if trained else found.config))),
        parameters=found.parameters,
        precision=precision,
        licence=licence,
        description=_describe(file, trained),
        recipe=trained.name if trained else None,
        steps=trained.steps if trained else None,
        sha256="",
    )
    return save_weights(folder, model.state_dict(), card)


def _describe(file: Path, trained: TrainingState | None) -> str:
    if trained:
        return f"trained by the recipe {trained.name}, averaged weights of {file.name}; not yet measured"
    return f"converted from {file.name}; what it was trained on, its authors say"
