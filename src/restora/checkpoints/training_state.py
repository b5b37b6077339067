"""What a training run of restora says of itself in ``last.pt`` and ``best.pt``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from restora.errors import RestoraError
from restora.networks import architecture, build_config


@dataclass(frozen=True)
class TrainingState:
    """What weights cannot tell: a network's dilations, say, are neither keys nor shapes.

    Attributes:
        name: Of the recipe.
        task: Of the recipe.
        architecture: Name in the registry.
        variant: That the recipe starts from.
        config: The configuration, with the recipe's overrides.
        steps: Optimiser steps done.
    """

    name: str
    task: str
    architecture: str
    variant: str
    config: Any
    steps: int


def read_training_state(path: Path) -> TrainingState | None:
    """Read the facts beside the weights; ``None`` if the file is none that ``restora train`` wrote.

    Only tensors and plain values are read, never code; the values of the tensors stay on disk.

    Raises:
        RestoraError: It is one, but its recipe is damaged.
    """
    if path.suffix != ".pt":
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # whoever reads the weights of this file says what is wrong with it
        return None
    if not isinstance(content, Mapping) or not {"ema", "ema_updates", "recipe", "step"} <= content.keys():
        return None
    try:
        recipe = json.loads(content["recipe"])
        model = recipe["model"]
        arch = architecture(model["architecture"])
        values = vars(arch.variants[model["variant"]]) | model["overrides"]
        return TrainingState(
            name=recipe["name"],
            task=recipe["task"],
            architecture=arch.name,
            variant=model["variant"],
            config=build_config(arch, values),
            steps=int(content["step"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RestoraError(f"{path}: the recipe in this training checkpoint is damaged") from error
