"""Inspection of a state dict: architecture, variant, precision, and the keys that do not fit."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import Tensor

from restora.checkpoints.shipped import list_weights, shipped_card
from restora.errors import RestoraError
from restora.networks import ARCHITECTURES, Architecture, architecture
from restora.networks.architecture import some


@dataclass(frozen=True)
class Inspection:
    """What a state dict was found to be.

    Attributes:
        keys: Whose names the keys are: ``"official"`` as the papers' authors write them, or ``"restora"``.
        architecture: Name in the registry.
        variant: Named variant of that configuration, or ``None``.
        config: Configuration of the network.
        parameters: Number of trainable values of the network.
        precision: Floating-point type of the tensors, such as ``"float32"``.
        missing: Keys that the network has and the state dict has not.
        left_over: Keys that the state dict has and the network has not.

    Example:
        >>> from restora.networks import create_model
        >>> found = inspect_state_dict(create_model("kit", "tiny").state_dict())
        >>> found.architecture, found.variant, found.keys, found.fits
        ('kit', 'tiny', 'restora', True)
    """

    keys: Literal["official", "restora"]
    architecture: str
    variant: str | None
    config: Any
    parameters: int
    precision: str
    missing: tuple[str, ...]
    left_over: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the network and the state dict have the same keys."""
        return not self.missing and not self.left_over

    def __str__(self) -> str:
        title = architecture(self.architecture).title
        variant = self.variant or "of a configuration without a name"
        return f"{title} {variant}, {self.parameters:,} parameters, {self.precision}, {self.keys} keys"


def inspect_state_dict(state: Mapping[str, Tensor]) -> Inspection:
    """Tell what a state dict is.

    Args:
        state: Tensors by key, from `read_tensors`.

    Raises:
        RestoraError: It is none of the known architectures; the message names the one that comes closest.

    Example:
        >>> from restora.networks import create_model
        >>> str(inspect_state_dict(create_model("chair", "tiny").state_dict()))
        'ChaIR tiny, 762,649 parameters, float32, restora keys'
    """
    for arch in ARCHITECTURES.values():
        if (found := inspect_as(arch, state)) is not None:
            return found
    raise RestoraError(_unknown(state))


def inspect_as(arch: Architecture, state: Mapping[str, Tensor]) -> Inspection | None:
    """Tell what a state dict is if it is one of an architecture, under the authors' keys or ours; else ``None``."""
    keys: Literal["official", "restora"] = "official" if arch.official_names else "restora"
    config = arch.recognise(state)
    if config is None:
        keys = "restora"
        config = arch.recognise({arch.official_name(key): value for key, value in state.items()})
    if config is None:
        return None
    network = arch.on_meta(config)
    expected = network.state_dict()
    if keys == "official":
        expected = arch.to_official(expected)
    found = Inspection(
        keys=keys,
        architecture=arch.name,
        variant=arch.variant_of(config),
        config=config,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        precision=precision_of(state),
        missing=tuple(sorted(expected.keys() - state.keys())),
        left_over=tuple(sorted(state.keys() - expected.keys())),
    )
    if not found.fits or any(value.is_meta for value in state.values()):
        return found
    # Keys and shapes do not tell all of a configuration: how often a KiT hashes, say.
    others = [
        card
        for card in list_weights()
        if (card.architecture, card.parameters) == (arch.name, found.parameters)
        and arch.configure(card.config) != config
    ]
    if not others:
        return found
    name_of = arch.official_name if keys == "official" else str
    known = shipped_card(others, {name: state[name_of(name)] for name in network.state_dict()})
    return found if known is None else replace(found, config=arch.configure(known.config))


def precision_of(state: Mapping[str, Tensor]) -> str:
    """Return the floating-point type of the values, or all of them."""
    types = {str(value.dtype).removeprefix("torch.") for value in state.values() if value.is_floating_point()}
    return ", ".join(sorted(types))


def _unknown(state: Mapping[str, Tensor]) -> str:
    """Name the architecture whose keys, whatever their numbers, are most like these."""
    found = _without_numbers(state)
    likeness = {}
    for arch in ARCHITECTURES.values():
        known = _without_numbers(arch.to_official(arch.on_meta(arch.published).state_dict()))
        likeness[arch.title] = (len(found & known) / len(found | known), known)
    closest = max(likeness, key=lambda title: likeness[title][0])
    share, known = likeness[closest]
    if not share:
        examples = ", ".join(sorted(state)[:3])
        return f"none of the known architectures ({', '.join(likeness)}); its keys begin with {examples}"
    return (
        f"none of the known architectures; {closest} comes closest with {share:.0%} of the names, but"
        f" {some(known - found)} are missing and {some(found - known)} left over (# stands for numbers)"
    )


def _without_numbers(keys: Iterable[str]) -> set[str]:
    return {re.sub(r"\d+", "#", key) for key in keys}
