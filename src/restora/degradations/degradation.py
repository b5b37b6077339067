"""What every degradation is, and the registry of all kinds."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from torch import Generator, Tensor

from restora.degradations.limits import check_fields

DEGRADATIONS: dict[str, type["Degradation"]] = {}
"""All kinds by name, in the order in which light meets them: air, lens, sensor, file."""


@dataclass(frozen=True)
class Sample:
    """A degraded batch and how it came about.

    Attributes:
        degraded: (B, 3, H, W); (B, 6, H, W) where two views are taken (`DualPixelDefocus`).
        parameters: Values that were drawn for each image, by name, each (B, ...).
    """

    degraded: Tensor
    parameters: dict[str, Tensor]


class Degradation(ABC):
    """A random degradation of a batch of clean images.

    ``class Rain(Degradation, kind="rain")`` registers a kind: recipes, ``restora degrade``, the gallery, the page of all
    keys and the tests of this contract know it from then on. It is a frozen dataclass. Its fields, described under
    Attributes in its docstring and limited by `Within` in their types, are the keys of a recipe.

    Attributes:
        kind: Name in recipes.
        family: First word of the presets, ``rain/heavy``; the kind if none is given, empty where others are combined.
        presets: Fields that differ from the defaults, by the name of the preset without its family.
        number: What a number means in place of a preset's name (``noise/12.5``), namely both bounds of the first
            field; empty where it means nothing.
        channels: Channels of the result.
        keeps_gray: Whether three equal channels stay equal.
    """

    kind: ClassVar[str]
    family: ClassVar[str]
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    number: ClassVar[str] = ""
    channels: ClassVar[int] = 3
    keeps_gray: ClassVar[bool] = True

    def __init_subclass__(cls, kind: str | None = None, family: str | None = None, **others: Any) -> None:
        """Register a class that names its kind.

        Raises:
            ValueError: Another class has this kind.
        """
        super().__init_subclass__(**others)
        if kind is not None:
            if kind in DEGRADATIONS:
                raise ValueError(
                    f"{DEGRADATIONS[kind].__name__} is the kind {kind} already; take another word"
                )
            cls.kind, cls.family = kind, kind if family is None else family
            DEGRADATIONS[kind] = cls

    def __post_init__(self) -> None:
        """Check the fields; see `check_fields`."""
        check_fields(self)

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return the degradation of one of ``presets``.

        Example:
            >>> from restora.degradations import CameraNoise
            >>> CameraNoise.preset("weak")
            CameraNoise(shot=(0.0001, 0.0005))
        """
        return cls(**cls.presets[name])

    @abstractmethod
    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Degrade a batch and return the parameters that were drawn.

        Args:
            clean: (B, 3, H, W) in [0, 1], on any device.
            generator: On the device of ``clean``; the same seed gives the same result.
        """

    def __call__(self, clean: Tensor, generator: Generator) -> Tensor:
        """Degrade a batch (B, 3, H, W) in [0, 1]; see `sample`."""
        return self.sample(clean, generator).degraded
