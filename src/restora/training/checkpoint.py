"""The state of a training run on disk: written whole or not at all, read without executing anything."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from restora.atomic import replacement
from restora.checkpoints.reading import read_content
from restora.errors import RestoraError


@dataclass(frozen=True)
class TrainingCheckpoint:
    """Everything a run needs to go on exactly where it was.

    Attributes:
        step: Optimiser steps done.
        network: Weights of the last step.
        ema: Averaged weights.
        ema_updates: Updates that the average has seen.
        optimizer: State of the optimiser.
        recipe: The recipe as JSON.
        best: Best validation score so far.
        scaler: State of the scaler of float16's gradients.
        parts: Checksums of the files, relative to its folder, that hold what several processes have divided among them; empty
            tensors stand in their places.
    """

    step: int
    network: dict[str, Tensor]
    ema: dict[str, Tensor]
    ema_updates: int
    optimizer: dict[str, Any]
    recipe: str
    best: float | None = None
    scaler: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: TrainingCheckpoint) -> None:
    """Write to a temporary name and rename, so that a kill leaves the old file or the new one.

    Raises:
        RestoraError: The folder is not writable or the disk is full; the old file stays.
    """
    try:
        with replacement(path) as stream:
            torch.save(vars(checkpoint), stream)
    except (OSError, RuntimeError) as error:
        raise RestoraError(
            f"{path}: the checkpoint cannot be written ({error}); free some space and resume"
        ) from error


def load_checkpoint(path: Path) -> TrainingCheckpoint:
    """Read a checkpoint; only tensors and plain values, never code.

    Raises:
        RestoraError: Missing or damaged file, or not a checkpoint of restora's training.
    """
    if not path.exists():
        raise RestoraError(f"{path}: there is no checkpoint to resume from; start without --resume")
    try:
        return TrainingCheckpoint(**_interned(read_content(path)))
    except (TypeError, RecursionError) as error:
        raise RestoraError(f"{path}: not a training checkpoint of restora") from error


def _interned(content: Any) -> Any:
    """Share equal keys as Python's own names are shared, so that a resumed run saves the same bytes as one that never stopped."""
    if isinstance(content, dict):
        return {sys.intern(k) if type(k) is str else k: _interned(value) for k, value in content.items()}
    return [_interned(value) for value in content] if isinstance(content, list) else content
