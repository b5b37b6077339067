"""State of a training run, as ``last.pt`` and ``best.pt`` hold it beside the weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, Json, ValidationError

from restora.checkpoints.cards import problem
from restora.checkpoints.names import FileName
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


class _Model(BaseModel):
    architecture: str
    variant: str
    overrides: dict[str, Any]


class _Recipe(BaseModel):
    """What is needed of a recipe; the rest may be of any version."""

    name: FileName
    task: str
    model: _Model


class _State(BaseModel):
    recipe: Json[_Recipe]
    step: int = Field(ge=0)


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
        state = _State(recipe=content["recipe"], step=content["step"])
        recipe, model = state.recipe, state.recipe.model
        arch = architecture(model.architecture)
        return TrainingState(
            name=recipe.name,
            task=recipe.task,
            architecture=arch.name,
            variant=model.variant,
            config=arch.configure(vars(arch.variant(model.variant)) | model.overrides),
            steps=state.step,
        )
    except ValidationError as error:
        raise RestoraError(
            f"{path}: the recipe in this training checkpoint is damaged ({problem(error)})"
        ) from error
    except RestoraError as error:
        raise RestoraError(f"{path}: {error}") from error
