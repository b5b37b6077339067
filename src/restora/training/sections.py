"""The parts of a recipe: what to train, on what, how."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    model_validator,
)

from restora.datasets.remote_shards import KEPT_GIGABYTES
from restora.datasets.symmetries import Augmentation
from restora.errors import suggestion
from restora.training.losses import LOSSES


@dataclass(frozen=True)
class Registered:
    """A word that must stand in a registry when the recipe is read.

    Attributes:
        what: Name of what is registered, for the message.
        registry: Registry, by the words.
    """

    what: str
    registry: Mapping[str, Any]

    def __call__(self, word: str) -> str:
        """Return the word.

        Raises:
            ValueError: It is not registered; the nearest one is suggested.
        """
        if word not in self.registry:
            raise ValueError(f"unknown {self.what} {word}{suggestion(word, self.registry)}")
        return word


Decay = Annotated[float, Field(ge=0, lt=1)]
"""Decay rate of a moving average."""


class Section(BaseModel):
    """Part of a recipe: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModelSection(Section):
    """The network to train."""

    architecture: str = Field(description="name in the registry, such as chair")
    variant: str = Field("base", description="named configuration of the architecture")
    overrides: dict[str, Any] = Field(
        default_factory=dict, description="fields of the configuration to change"
    )


Place = Annotated[str, Field(pattern=r"^[a-z0-9+]+://")] | Path
"""A path, or a URL."""


class AnyData(Section):
    """What all kinds of data have in common."""

    workers: int = Field(
        0, ge=0, le=256, description="processes that cut crops; 0 cuts them in the main process"
    )
    corrupt: Literal["skip", "fail"] = Field(
        "fail", description="a file that cannot be read: report it and take another, or end the run"
    )
    augmentation: Augmentation = Field("all", description="flips and turns: none, mirror, flips or all eight")


class PhotosData(AnyData):
    """Clean photographs, degraded on the fly."""

    kind: Literal["photos"] = Field("photos", description="may be left out")
    photos: Place | None = Field(
        None,
        union_mode="left_to_right",
        description="folder of clean photographs, or a pack of them, which may be a URL such as s3://bucket/photos.pack",
    )
    cache: float = Field(
        KEPT_GIGABYTES,
        gt=0,
        description="gigabytes of a pack elsewhere that are kept on the disk of each machine",
    )
    reduction: float = Field(
        0.5, gt=0, le=1, description="strongest random reduction of a crop; 1 turns it off"
    )
    enlarged: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the crops that are enlarged: soft without blur, to be left alone",
    )
    gray: float = Field(0.0, ge=0, le=1, description="share of the crops that become gray")
    flat: float = Field(
        0.0, ge=0, le=1, description="share of the crops without detail in place of which another is drawn"
    )
    drawn: float = Field(
        0.0, ge=0, le=1, description="share of the crops that are text or line art, drawn on the fly"
    )
    fonts: Path | None = Field(
        None, description="folder of fonts for drawn text, in whatever scripts; Pillow's own by default"
    )
    permute_channels: bool = Field(True, description="exchange red, green and blue at random")


class PairsData(AnyData):
    """Degraded images and their clean partners in two folders, matched by name; or a pack of pairs."""

    kind: Literal["pairs"] = Field(description="tells pairs from photographs")
    degraded: Path | None = Field(None, description="folder of degraded images")
    clean: Path | None = Field(None, description="folder of clean images")
    pack: Place | None = Field(
        None, union_mode="left_to_right", description="a pack of pairs or its URL, instead of the two folders"
    )

    cache: float = Field(
        KEPT_GIGABYTES,
        gt=0,
        description="gigabytes of a pack elsewhere that are kept on the disk of each machine",
    )

    @model_validator(mode="after")
    def _folders_or_pack(self) -> "PairsData":
        if self.pack is not None and (self.degraded or self.clean):
            raise ValueError("give a pack, or the two folders, not both")
        return self


class BenchmarkData(AnyData):
    """The training pairs of a data set of the catalogue, in any of its layouts (`restora benchmarks`)."""

    kind: Literal["benchmark"] = Field(description="tells a data set of the catalogue from other data")
    benchmark: str = Field(description="name in the catalogue, such as rain100l")
    root: Path | None = Field(None, description="where it lies")
    split: str = Field("train", description="which part of it")
    variant: str | None = Field(None, description="one of the card's variants, the usual one when left out")


def _kind(data: Any) -> str:
    """Return the kind of a data section; photographs when it names none."""
    kind = data.get("kind", "photos") if isinstance(data, dict) else getattr(data, "kind", None)
    return str(kind)


DataSection = Annotated[
    Annotated[PhotosData, Tag("photos")]
    | Annotated[PairsData, Tag("pairs")]
    | Annotated[BenchmarkData, Tag("benchmark")],
    Discriminator(_kind),
]


class LossSection(Section):
    """One term of the loss."""

    kind: Annotated[str, AfterValidator(Registered("loss", LOSSES))] = Field(
        description="which difference to minimise"
    )
    weight: float = Field(1.0, gt=0, description="factor of this term")


class OptimizerSection(Section):
    """The optimiser and its learning rate over the steps of all stages together."""

    kind: Literal["adamw", "adam", "muon"] = Field(
        "adamw", description="AdamW, Adam without weight decay, or Muon for matrices and AdamW for the rest"
    )
    learning_rate: float = Field(1e-3, gt=0, description="highest learning rate, reached after the warm-up")
    schedule: Literal["cosine", "constant", "multistep", "cyclic"] = Field(
        "cosine",
        description="half a cosine, nothing, sudden falls at the milestones, or half a cosine for each cycle",
    )
    warmup: int = Field(200, ge=0, description="steps of linear rise before the schedule")
    final_learning_rate: float = Field(1e-6, ge=0, description="where cosines end")
    milestones: tuple[PositiveInt, ...] = Field((), description="steps at which multistep falls")
    gamma: float = Field(0.5, gt=0, lt=1, description="factor of each of these falls")
    cycles: tuple[PositiveInt, ...] = Field(
        (), description="steps of each cycle of cyclic; the last one is repeated"
    )
    betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="decay rates of the moments")
    momentum: float = Field(0.95, ge=0, lt=1, description="decay rate of Muon's momentum")
    adamw_learning_rate: float | None = Field(
        None, gt=0, description="highest rate of what Muon leaves to AdamW; `learning_rate` when left out"
    )
    weight_decay: float = Field(0.0, ge=0, description="decoupled weight decay of AdamW and Muon")
    clip: float | None = Field(1.0, gt=0, description="largest 2-norm of the gradient, or none")

    @model_validator(mode="after")
    def _complete(self) -> "OptimizerSection":
        if self.schedule == "multistep" and not self.milestones:
            raise ValueError("the multistep schedule needs milestones, such as [100000, 200000]")
        if self.schedule == "cyclic" and not self.cycles:
            raise ValueError("the cyclic schedule needs cycles, such as [92000, 208000]")
        if self.kind == "adam" and self.weight_decay:
            raise ValueError("adam has no decoupled weight decay here; take adamw")
        if self.kind != "muon" and self.adamw_learning_rate is not None:
            raise ValueError(
                "adamw_learning_rate is for what muon leaves over; take kind: muon, or learning_rate"
            )
        return self


class StageSection(Section):
    """A stretch of training with its own size of crop (progressive training)."""

    steps: int = Field(gt=0, description="optimiser steps")
    patch: int = Field(gt=0, le=4096, description="side of a crop in pixels")
    batch: int = Field(gt=0, le=65536, description="crops in a step, over all processes together")
    learning_rate: float | None = Field(
        None,
        gt=0,
        description="starts the schedule anew from this rate, without warm-up and with a fresh optimiser"
        " (fine-tuning)",
    )


class ValidationSection(Section):
    """Scores during training, on images that are not trained on; none without photos, pairs or benchmark."""

    photos: Path | None = Field(
        None, description="folder of clean photographs, degraded as in training, the same way every time"
    )
    degraded: Path | None = Field(None, description="folder of degraded images, with `clean`")
    clean: Path | None = Field(None, description="folder of their clean partners")
    benchmark: str | None = Field(None, description="name in the catalogue, with `root`")
    root: Path | None = Field(None, description="where the benchmark lies")
    split: str = Field("test", description="which part of the benchmark")
    degradation: Any = Field(None, description="of `photos`, instead of the one of training")
    protocol: str = Field("rgb8", description="how to score (`restora protocols`)")
    every: int = Field(1000, gt=0, description="steps between validations")
    images: int = Field(16, gt=0, description="how many images, spread over all of them")
    side: int = Field(
        256, ge=0, description="side of the square that is cut from their middle; 0 for all of it"
    )
    samples: int = Field(3, ge=0, description="of how many a strip degraded | restored | clean is written")

    @model_validator(mode="after")
    def _one_source(self) -> "ValidationSection":
        if sum(source is not None for source in (self.photos, self.degraded, self.benchmark)) > 1:
            raise ValueError("give photos, or degraded and clean, or a benchmark: one of them")
        if (self.degraded is None) != (self.clean is None):
            raise ValueError("degraded and clean belong together")
        if self.benchmark is not None and self.root is None:
            raise ValueError(f"where does {self.benchmark} lie? give root")
        return self
