"""What every degradation is, and all of them by name: kinds, ``rain``, and presets, ``rain/heavy``."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Generator, Tensor

from restora.degradations.limits import check_fields
from restora.errors import RestoraError, suggestion

DEGRADATIONS: dict[str, type["Degradation"]] = {}
"""All kinds by name, in the order in which light meets them: air, lens, sensor, file."""


@dataclass(frozen=True)
class Sample:
    """A degraded batch and how it came about.

    Attributes:
        degraded: (B, 3, H, W); (B, 6, H, W) where two views are taken (`DualPixelDefocus`).
        parameters: Values that were drawn for each image, by name, each (B, ...).

    Example:
        >>> import torch
        >>> from restora.degradations import find_preset
        >>> sample = find_preset("noise/25").sample(torch.zeros(2, 3, 8, 8), torch.Generator().manual_seed(0))
        >>> sample.degraded.shape, list(sample.parameters)
        (torch.Size([2, 3, 8, 8]), ['sigma'])
    """

    degraded: Tensor
    parameters: dict[str, Tensor]


def joined(drawn: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Join what an inner degradation drew for one image after the other: what all have in one shape, after ``of.``.

    Args:
        drawn: ``parameters`` of each image, (1, ...).

    Example:
        >>> import torch
        >>> one = {"sigma": torch.ones(1), "kernel": torch.ones(1, 3, 3)}
        >>> joined([one, {"sigma": torch.zeros(1), "kernel": torch.ones(1, 5, 5)}])
        {'of.sigma': tensor([1., 0.])}
    """
    first, *others = drawn
    return {
        f"of.{name}": torch.cat([one[name] for one in drawn])
        for name, values in first.items()
        if all(name in one and one[name].shape == values.shape for one in others)
    }


class Degradation(ABC):
    """A random degradation of a batch of clean images.

    ``class Rain(Degradation, kind="rain")`` registers a kind: recipes, ``restora degrade``, the gallery, the
    page of all keys and the tests of this contract know it from then on. It is a frozen dataclass. Its
    fields, described under Attributes in its docstring and limited by `Within` in their types, are the keys
    of a recipe.

    Attributes:
        kind: Name in recipes.
        family: First word of the presets, ``rain/heavy``; the kind if none is given, empty where others are
            combined.
        presets: Fields that differ from the defaults, by the name of the preset without its family.
        number: What a number means in place of a preset's name (``noise/12.5``), namely both bounds of the
            first field; empty where it means nothing.
        channels: Channels of the result.
        keeps_gray: Whether three equal channels stay equal.

    Example:
        >>> import torch
        >>> @dataclass(frozen=True)
        ... class Darker(Degradation):
        ...     factor: float = 0.5
        ...     def sample(self, clean, generator):
        ...         return Sample(self.factor * clean, {})
        >>> Darker(0.25)(torch.ones(1, 3, 2, 2), torch.Generator()).mean().item()
        0.25
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


def all_presets() -> dict[str, Degradation]:
    """Return the presets of all kinds by name, in the order in which light meets them.

    Example:
        >>> [name for name in all_presets() if name.startswith("rain/")]
        ['rain/light', 'rain/heavy']
    """
    return {
        f"{kind.family}/{name}": kind.preset(name) for kind in DEGRADATIONS.values() for name in kind.presets
    }


def find_preset(name: str) -> Degradation:
    """Return the degradation of this name; ``noise`` and ``jpeg`` also take any deviation and any quality.

    Args:
        name: One of `all_presets`; or a family that takes a number, and the number, ``"noise/12.5"``.

    Raises:
        RestoraError: There is none.

    Example:
        >>> find_preset("noise/12.5").sigma
        (12.5, 12.5)
    """
    known = all_presets()
    if name in known:
        return known[name]
    family, _, which = name.partition("/")
    there = [preset for preset in known if preset.startswith(f"{family}/")]
    if not which or not there:
        raise RestoraError(f"unknown preset {name}{suggestion(name, known)}")
    wanted = f"give one of {', '.join(there)}"
    for kind in DEGRADATIONS.values():
        if kind.family == family and kind.number:
            wanted += f", or {family}/ and {kind.number}"
            make: Callable[..., Degradation] = kind
            try:
                number = float(which)
                return make((int(number) if number.is_integer() else number,) * 2)
            except ValueError:
                continue  # the message below says what is wrong with it
    raise RestoraError(f"unknown preset {name}; {wanted}")
