"""The recipe: one strict model, read from YAML, that says everything about a training run."""

from collections.abc import Iterator
from functools import cached_property
from inspect import isclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    ValidationError,
    field_validator,
    model_validator,
)

from restora.degradations import Degradation
from restora.errors import RestoraError, suggestion
from restora.networks import architecture
from restora.training.bundled import find_recipe
from restora.training.described_degradation import describe
from restora.training.losses import TARGETS
from restora.training.recipe_yaml import parse_yaml
from restora.training.sections import (
    DataSection,
    LossSection,
    ModelSection,
    OptimizerSection,
    PhotosData,
    Registered,
    Section,
    StageSection,
    ValidationSection,
)


class Recipe(Section):
    """A training run. The same recipe and seed give the same run.

    Example:
        >>> recipe = Recipe(
        ...     name="mine",
        ...     task="denoise",
        ...     model={"architecture": "chair", "variant": "tiny"},
        ...     degradation="noise/blind",
        ...     losses=[{"kind": "l1"}],
        ...     scale_weights=[1, 1, 1],
        ...     stages=[{"steps": 10, "patch": 64, "batch": 2}],
        ... )
        >>> recipe.steps, recipe.precision
        (10, 'auto')
    """

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=100,
        description="names the folder of the run and the weights",
    )
    task: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", description="what the weights are for: denoise, dehaze, ..."
    )
    source: str | None = Field(None, description="where the settings come from: paper, code, our choice")
    seed: int = Field(0, ge=0, lt=2**63, description="of everything random")
    model: ModelSection = Field(description="the network")
    data: DataSection = Field(
        PhotosData(), description="what to train on: of three kinds, photos, pairs, benchmark"
    )
    degradation: Any = Field(
        None, description="of clean photographs: a preset such as rain/heavy, or a mapping; none for pairs"
    )
    losses: tuple[LossSection, ...] = Field(min_length=1, description="terms of the loss, summed")
    scale_weights: tuple[NonNegativeFloat, ...] = Field(
        (1.0,), description="weight of the loss at each scale of the output, smallest scale first"
    )
    targets: Annotated[str, AfterValidator(Registered("targets", TARGETS))] = Field(
        "reduced", description="clean images of the smaller scales: reduced bilinearly, or a Gaussian pyramid"
    )
    cutblur: float = Field(
        0.0, ge=0, le=1, description="share of the images of which a part is clean already (CutBlur)"
    )
    mixup: float = Field(
        0.0, ge=0, le=1, description="share of the pairs that are blended with another (MixUp)"
    )
    optimizer: OptimizerSection = Field(OptimizerSection(), description="how the weights move")
    stages: tuple[StageSection, ...] = Field(min_length=1, description="one after the other")
    accumulate: int = Field(
        1, gt=0, description="parts in which a batch is computed, to save memory; the step is the same"
    )
    ema: float = Field(
        0.999, ge=0, lt=1, description="decay of the moving average of the weights; 0 for none"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="auto is bfloat16 where the device computes in it, float32 elsewhere"
    )
    compile: bool = Field(
        False, description="compile the network: a minute or more for each stage, then faster"
    )
    checkpoint_activations: bool = Field(
        False, description="compute each block again for its gradient: much less memory, a third more time"
    )
    fsdp: bool = Field(
        False, description="several processes divide weights, gradients and the optimiser's state (FSDP)"
    )
    validation: ValidationSection = Field(ValidationSection(), description="scores during training")
    save_every: int = Field(500, gt=0, description="steps between checkpoints")
    explosion: float = Field(
        10.0, gt=1, description="stop where the mean error is so many times the median of the last reports"
    )
    track: tuple[Literal["tensorboard", "wandb"], ...] = Field(
        (), description="where else to write the curves, beside log.jsonl"
    )

    @field_validator("degradation")
    @classmethod
    def _described(cls, description: Any) -> Any:
        if description is not None:
            describe(description)  # raises what pydantic turns into words
        return description

    @model_validator(mode="after")
    def _pairs_or_degradation(self) -> "Recipe":
        photos = isinstance(self.data, PhotosData)
        if photos and self.degradation is None:
            raise ValueError("clean photographs need a degradation, such as noise/blind")
        if not photos and self.degradation is not None:
            raise ValueError("pairs are degraded already; leave the degradation out")
        return self

    @model_validator(mode="after")
    def _fits_the_network(self) -> "Recipe":
        try:
            arch = architecture(self.model.architecture)
            config = arch.configure(vars(arch.variant(self.model.variant)) | self.model.overrides)
            needs = arch.requirements(config)
        except RestoraError as error:
            raise ValueError(f"model: {error}") from error
        if len(self.scale_weights) != needs.scales or not any(self.scale_weights):
            raise ValueError(
                f"scale_weights: {arch.title} is supervised at {needs.scales} scales and needs a weight for each, not all"
                f" of them 0; got {list(self.scale_weights)}"
            )
        for number, stage in enumerate(self.stages):
            if stage.patch < needs.min_size or stage.patch % needs.multiple:
                raise ValueError(
                    f"stages.{number}.patch: {arch.title} takes multiples of {needs.multiple} from {needs.min_size} on,"
                    f" got {stage.patch}"
                )
            if stage.batch % self.accumulate or stage.batch // self.accumulate < needs.min_batch:
                raise ValueError(
                    f"stages.{number}.batch: {stage.batch} cannot be computed in accumulate: {self.accumulate} equal parts"
                    f" of at least {needs.min_batch}, which {arch.title} needs in training"
                )
        return self

    @cached_property
    def degrade(self) -> Degradation | None:
        """The degradation of clean photographs; ``None`` where data are pairs."""
        return None if self.degradation is None else describe(self.degradation)

    @property
    def steps(self) -> int:
        """Optimiser steps of all stages together."""
        return sum(stage.steps for stage in self.stages)


def load_recipe(path: str | Path, settings: list[str] | None = None) -> Recipe:
    """Read a recipe.

    Args:
        path: A YAML file, or one that comes with restora, such as ``"photos/denoise-laptop"``; see
            `find_recipe`.
        settings: Changes such as ``"optimizer.learning_rate=5e-4"`` or ``"stages.0.steps=100"``; values are
            YAML.

    Raises:
        RestoraError: No such file, not YAML, an unknown key (the nearest one is suggested), a value out of
            range.

    Example:
        >>> load_recipe("photos/denoise-laptop", ["stages.0.steps=100"]).stages[0].steps
        100
    """
    try:
        values = parse_yaml(find_recipe(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RestoraError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(values, dict):
        raise RestoraError(f"{path}: a recipe is a mapping of keys to values, found {type(values).__name__}")
    for setting in settings or []:
        apply_setting(values, setting)
    return checked(values, path)


def checked(values: dict[str, Any], name: object) -> Recipe:
    """Return the recipe that values make.

    Raises:
        RestoraError: They make none; the message begins with the name.
    """
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise RestoraError(
            f"{name}: " + "; ".join(_explain(problem) for problem in error.errors())
        ) from error


def apply_setting(values: dict[str, Any], setting: str) -> None:
    """Change nested values in place by ``"a.b.0.c=value"``.

    Raises:
        RestoraError: There is no ``=``, or the path leads through something that has no parts.
    """
    keys, separator, text = setting.partition("=")
    if not separator:
        raise RestoraError(f"--set {setting}: write it as key=value, such as optimizer.learning_rate=5e-4")
    try:
        value = parse_yaml(text)
    except ValueError as error:
        raise RestoraError(f"--set {setting}: {text!r} is not a YAML value ({error})") from error
    *parents, last = keys.split(".")
    target: Any = values
    try:
        for key in parents:
            target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
        target[int(last) if isinstance(target, list) else last] = value
    except (IndexError, TypeError, ValueError, AttributeError) as error:
        raise RestoraError(f"--set {setting}: {keys} leads nowhere in this recipe") from error


def _explain(problem: Any) -> str:
    """Turn one of pydantic's findings into words, with the nearest known key for an unknown one."""
    parts = [str(part) for part in problem["loc"]]
    kind = ""
    if len(parts) > 2 and parts[0] == "data":
        kind = parts.pop(1)  # which stands for a key nowhere
    place = ".".join(parts)
    if problem["type"] == "extra_forbidden":
        if kind and (other := _kinds_with(parts[-1])):
            remedy = "; one's own pairs: restora train --pairs DEGRADED CLEAN" if "pairs" in other else ""
            return (
                f"{place} is for data of kind {' or '.join(other)}, this recipe's are of kind {kind}{remedy}"
            )
        known = sorted({name for section in sections().values() for name in section.model_fields})
        return f"unknown key {place}{suggestion(parts[-1], known)}"
    words = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {words}" if place else words


def _kinds_with(key: str) -> list[str]:
    """Return the kinds of data that have a key."""
    data = {place.partition(", kind: ")[2]: section for place, section in sections().items()}
    return [kind for kind, section in data.items() if kind and key in section.model_fields]


def sections() -> dict[str, type[Section]]:
    """Return the recipe and all its parts, by where they stand.

    Example:
        >>> list(sections())[:3]
        ['The recipe', 'model', 'data, kind: photos']
    """
    inner = [_sections(name, field.annotation) for name, field in Recipe.model_fields.items()]
    return dict([("The recipe", Recipe), *chain(*inner)])


def _sections(place: str, annotation: Any) -> Iterator[tuple[str, type[Section]]]:
    if isclass(annotation) and issubclass(annotation, Section):
        yield place, annotation
    for part in get_args(annotation):
        if get_origin(annotation) is tuple:
            yield from _sections(f"{place}, each", part)
        else:  # one of several
            for _, section in _sections(place, part):
                yield f"{place}, kind: {get_args(section.model_fields['kind'].annotation)[0]}", section
