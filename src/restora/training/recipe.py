"""The recipe: one strict model, read from YAML, that says everything about a training run."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from restora.errors import RestoraError


class Section(BaseModel):
    """Part of a recipe: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSection(Section):
    """The network to train."""

    architecture: str = Field(description="name in the registry, such as chair")
    variant: str = Field("base", description="named configuration of the architecture")
    overrides: dict[str, Any] = Field(
        default_factory=dict, description="fields of the configuration to change"
    )


class DataSection(Section):
    """Where the photographs are and how they are cut."""

    photos: Path | None = Field(None, description="folder of clean photographs to train on")
    validation: Path | None = Field(None, description="folder of clean photographs to validate on, or none")
    reduction: float = Field(
        0.5, gt=0, le=1, description="strongest random reduction of a crop; 1 turns it off"
    )
    gray: float = Field(0.0, ge=0, le=1, description="share of the crops that become gray")
    workers: int = Field(0, ge=0, description="processes that cut crops; 0 cuts them in the main process")


class GaussianNoiseSection(Section):
    """Additive white Gaussian noise."""

    kind: Literal["gaussian_noise"]
    sigma: tuple[float, float] = Field(
        (0.0, 50.0), description="range of the deviation in grey levels of 255"
    )


class LossSection(Section):
    """One term of the loss."""

    kind: Literal["l1", "fft", "fft_modulus", "psnr", "psnr_80db", "charbonnier", "edge"] = Field(
        description="which difference to minimise"
    )
    weight: float = Field(1.0, gt=0, description="factor of this term")


class OptimizerSection(Section):
    """AdamW and its learning rate: warm-up, then half a cosine over all stages together."""

    learning_rate: float = Field(1e-3, gt=0, description="highest learning rate, reached after the warm-up")
    final_learning_rate: float = Field(1e-6, ge=0, description="learning rate at the end")
    warmup: int = Field(200, ge=0, description="steps of linear rise")
    betas: tuple[float, float] = Field((0.9, 0.999), description="AdamW's decay rates")
    weight_decay: float = Field(0.0, ge=0, description="AdamW's decoupled weight decay")
    clip: float | None = Field(1.0, description="largest 2-norm of the gradient, or none")


class StageSection(Section):
    """A stretch of training with its own size of crop (progressive training)."""

    steps: int = Field(gt=0, description="optimiser steps")
    patch: int = Field(gt=0, description="side of a crop in pixels")
    batch: int = Field(gt=0, description="crops in a step, over all processes together")


class Recipe(Section):
    """A training run. The same recipe and seed give the same run."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", description="names the folder of the run and the weights"
    )
    task: str = Field(description="what the weights are for: denoise, dehaze, ...")
    seed: int = Field(0, description="of everything random")
    model: ModelSection
    data: DataSection = DataSection()
    degradation: Annotated[GaussianNoiseSection, Field(discriminator=None)]
    losses: tuple[LossSection, ...] = Field(min_length=1, description="terms of the loss, summed")
    scale_weights: tuple[float, ...] = Field(
        (1.0,), description="weight of the loss at each scale of the output, smallest scale first"
    )
    targets: Literal["reduced", "pyramid"] = Field(
        "reduced", description="clean images of the smaller scales: reduced bilinearly, or a Gaussian pyramid"
    )
    optimizer: OptimizerSection = OptimizerSection()
    stages: tuple[StageSection, ...] = Field(min_length=1, description="one after the other")
    ema: float = Field(0.999, ge=0, lt=1, description="decay of the moving average of the weights")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="auto is bfloat16 where the device computes in it, float32 elsewhere"
    )
    compile: bool = Field(
        False, description="compile the network: a minute or more for each stage, then faster"
    )
    save_every: int = Field(500, gt=0, description="steps between checkpoints")
    validate_every: int = Field(1000, gt=0, description="steps between validations")

    @property
    def steps(self) -> int:
        """Optimiser steps of all stages together."""
        return sum(stage.steps for stage in self.stages)


def load_recipe(path: str | Path, settings: list[str] | None = None) -> Recipe:
    """Read a recipe.

    Args:
        path: A YAML file, or the name of one that comes with restora, such as ``"photos/denoise-chair-tiny"``.
        settings: Changes such as ``"optimizer.learning_rate=5e-4"`` or ``"stages.0.steps=100"``; values are YAML.

    Raises:
        RestoraError: No such file, not YAML, an unknown key (the nearest one is suggested), a value out of range.
    """
    file = Path(path)
    if not file.is_file():
        file = bundled_recipes() / f"{path}.yaml"
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        names = ", ".join(
            sorted(str(p.relative_to(bundled_recipes()))[:-5] for p in bundled_recipes().rglob("*.yaml"))
        )
        raise RestoraError(f"{path}: no such recipe; give a YAML file or one of: {names}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RestoraError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise RestoraError(f"{path}: a recipe is a mapping of keys to values, found {type(values).__name__}")
    for setting in settings or []:
        apply_setting(values, setting)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise RestoraError(
            f"{path}: " + "; ".join(_explain(problem) for problem in error.errors())
        ) from error


def bundled_recipes() -> Path:
    """Return the folder of the recipes that come with restora."""
    return Path(__file__).parent.parent / "recipes"


def apply_setting(values: dict[str, Any], setting: str) -> None:
    """Change nested values in place by ``"a.b.0.c=value"``.

    Raises:
        RestoraError: There is no ``=``, or the path leads through something that has no parts.
    """
    keys, separator, text = setting.partition("=")
    if not separator:
        raise RestoraError(f"--set {setting}: write it as key=value, such as optimizer.learning_rate=5e-4")
    *parents, last = keys.split(".")
    target: Any = values
    try:
        for key in parents:
            target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
        target[int(last) if isinstance(target, list) else last] = yaml.safe_load(text)
    except (IndexError, TypeError, ValueError, AttributeError) as error:
        raise RestoraError(f"--set {setting}: {keys} leads nowhere in this recipe") from error
    except yaml.YAMLError as error:
        raise RestoraError(f"--set {setting}: {text!r} is not a YAML value") from error


def _explain(problem: Any) -> str:
    """Turn one of pydantic's findings into words, with the nearest known key for an unknown one."""
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = sorted({name for section in _sections() for name in section.model_fields})
        near = get_close_matches(str(problem["loc"][-1]), known, n=1)
        return f"unknown key {place}" + (f", did you mean {near[0]}?" if near else "")
    return f"{place}: {problem['msg']}"


def _sections() -> list[type[Section]]:
    return [Recipe, *Section.__subclasses__()]
