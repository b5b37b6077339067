"""Conversion of a checkpoint, published or of a training run, to safetensors with a card."""

import json
from dataclasses import asdict
from pathlib import Path

from restora.checkpoints.cards import WeightsCard
from restora.checkpoints.inspection import precision_of
from restora.checkpoints.loading import read_checkpoint
from restora.checkpoints.names import file_name
from restora.checkpoints.training_state import TrainingState
from restora.checkpoints.trial import try_on_picture
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
        RestoraError: The checkpoint is unsafe, damaged or unknown, its answers are not finite, or the folder cannot be
            written.

    Example:
        >>> import tempfile
        >>> import torch
        >>> from restora.networks import create_model
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     torch.save({"params": create_model("chair", "tiny").state_dict()}, f"{folder}/net_g.pth")
        ...     convert_checkpoint(f"{folder}/net_g.pth", folder, name="mine", task="derain").name
        'mine.safetensors'
    """
    checkpoint = read_checkpoint(Path(file))
    precision = precision or precision_of(checkpoint.weights)
    if precision not in PRECISIONS:
        raise RestoraError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    network, trained = checkpoint.network(), checkpoint.training  # refuses what does not fit
    try:
        name = file_name(name or (trained.name if trained else checkpoint.path.stem))
    except ValueError as error:
        raise RestoraError(f"{file}: {error}; choose another one with --name") from error
    try_on_picture(network, str(file))
    card = WeightsCard(
        name=name,
        task=task or (trained.task if trained else "unknown"),
        architecture=checkpoint.architecture.name,
        variant=checkpoint.variant or "custom",
        config=json.loads(json.dumps(asdict(checkpoint.config))),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        precision=precision,
        licence=licence,
        description=_describe(checkpoint.path, trained),
        recipe=trained.name if trained else None,
        steps=trained.steps if trained else None,
        sha256="",
    )
    return save_weights(folder, network.state_dict(), card)


def _describe(file: Path, trained: TrainingState | None) -> str:
    if trained:
        return f"trained by the recipe {trained.name}, averaged weights of {file.name}; not yet measured"
    return f"converted from {file.name}; what it was trained on, its authors say"
