"""State of a training run, as ``last.pt`` and ``best.pt`` hold it beside the weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restora.errors import RestoraError
from restora.networks import architecture


@dataclass(frozen=True)
class TrainingState:
    """What weights cannot tell: a network's dilations, say, are neither keys nor shapes.

    Attributes:
        name: Name of the recipe.
        task: Task of the recipe.
        architecture: Name in the registry.
        variant: Variant that the recipe starts from.
        config: Configuration of the network, with the recipe's overrides.
        steps: Optimiser steps done.
    """

    name: str
    task: str
    architecture: str
    variant: str
    config: Any
    steps: int


def training_state(content: Any, path: Path) -> TrainingState | None:
    """Find the facts beside the weights; ``None`` if the file is none that ``restora train`` wrote.

    Args:
        content: What the file holds.
        path: Name of the file, for the error.

    Raises:
        RestoraError: It is one, but its recipe is damaged.
    """
    if not isinstance(content, Mapping) or not {"ema", "ema_updates", "recipe", "step"} <= content.keys():
        return None
    try:
        recipe = json.loads(content["recipe"])
        model = recipe["model"]
        arch = architecture(model["architecture"])
        return TrainingState(
            name=recipe["name"],
            task=recipe["task"],
            architecture=arch.name,
            variant=model["variant"],
            config=arch.configure(vars(arch.variants[model["variant"]]) | model["overrides"]),
            steps=int(content["step"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RestoraError(f"{path}: the recipe in this training checkpoint is damaged") from error
