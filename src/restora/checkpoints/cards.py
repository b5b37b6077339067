"""The weights card: what a file of weights is, where it comes from and how well it does. No card, no weights."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from restora.checkpoints.names import FileName
from restora.errors import RestoraError, first_problem

MAX_BYTES = 1 << 20
"""Length of a card; those in the package have a few thousand."""


class Score(BaseModel):
    """One measured number with everything needed to repeat it.

    Example:
        >>> Score(benchmark="CBSD68", protocol="rgb8", setting="sigma 25", psnr=30.98).psnr
        30.98
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: str = Field(description="the test set, such as CBSD68")
    protocol: str = Field(description="the named protocol of restora.metrics")
    setting: str = Field("", description="what was varied, such as sigma 25")
    psnr: float = Field(description="mean over the images, in dB")


class WeightsCard(BaseModel):
    """Description of a file of weights; lies beside it as JSON under the same name.

    Example:
        >>> from restora.checkpoints import list_weights
        >>> card = next(card for card in list_weights() if card.name == "denoise-chair-tiny")
        >>> card.task, card.architecture, card.licence
        ('denoise', 'chair', 'Apache-2.0')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FileName
    task: str = Field(description="what the weights do: denoise, dehaze, ...")
    architecture: str
    variant: str = Field(description="the variant that the configuration started from")
    config: dict[str, Any] = Field(description="hyper-parameters of the network")
    parameters: int = Field(description="number of trainable values")
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        description="type of the stored values, such as float16"
    )
    licence: str
    description: str = Field(description="what the weights are for and where they fail")
    recipe: str | None = Field(None, description="the recipe that trained them")
    steps: int | None = Field(None, description="optimiser steps")
    images_seen: int | None = Field(None, description="crops that the training saw")
    seconds: float | None = Field(None, description="time of the training")
    data: str = Field("unknown", description="what they were trained on")
    credits: tuple[str, ...] = Field((), description="photographs, their sources and licences")
    commit: str | None = Field(None, description="of restora, that trained them")
    date: str | None = None
    scores: tuple[Score, ...] = ()
    sha256: str = Field(description="of the file of weights")


def read_card(path: Path) -> WeightsCard:
    """Read a card.

    Raises:
        RestoraError: It is missing, cannot be read, or does not have the fields of a card.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise RestoraError(f"{path}: not a weights card, which has at most {MAX_BYTES:,} bytes")
        return WeightsCard.model_validate_json(content)
    except FileNotFoundError:
        raise RestoraError(
            f"{path}: the weights card is missing; weights without one are not loaded"
        ) from None
    except ValidationError as error:
        raise RestoraError(f"{path}: not a weights card ({problem(error)})") from error
    except OSError as error:
        raise RestoraError(f"{path}: not a weights card ({error.strerror}); fetch it again") from error


def problem(error: ValidationError) -> str:
    """Say where the first thing is that pydantic found, and what it is."""
    place, words = first_problem(error)
    return ": ".join(filter(None, (".".join(place), words)))
