"""What a state dict is: architecture, variant, precision, and the keys that do not fit."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import torch
from torch import Tensor

from restora.checkpoints.official import OFFICIAL_FORMATS, to_official_state_dict
from restora.errors import RestoraError
from restora.networks import RestorationNetwork, architecture


@dataclass(frozen=True)
class Inspection:
    """What a state dict was found to be.

    Attributes:
        keys: Whose names the keys are: ``"official"`` as the papers' authors write them, or ``"restora"``.
        architecture: Name in the registry.
        variant: The named variant of that configuration, or ``None``.
        config: The configuration.
        parameters: Trainable numbers of the network.
        precision: Floating-point type of the tensors, such as ``"float32"``.
        missing: Keys that the network has and the state dict has not.
        left_over: Keys that the state dict has and the network has not.
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
    for name, official_format in OFFICIAL_FORMATS.items():
        renamed = {official_format.name(key): value for key, value in state.items()}
        for keys, candidate in (("official", state), ("restora", renamed)):
            config = official_format.detect(candidate)
            if config is None:
                continue
            variant = next((v for v in architecture(name).variants if seen_as(name, v) == config), None)
            if variant is not None:  # which also knows what keys and shapes cannot tell
                config = architecture(name).variants[variant]
            network = on_meta(name, config)
            expected = network.state_dict().keys()
            if keys == "official":
                expected = to_official_state_dict(network).keys()
            return Inspection(
                keys="official" if keys == "official" else "restora",
                architecture=name,
                variant=variant,
                config=config,
                parameters=sum(parameter.numel() for parameter in network.parameters()),
                precision=precision_of(state),
                missing=tuple(sorted(expected - state.keys())),
                left_over=tuple(sorted(state.keys() - expected)),
            )
    raise RestoraError(_unknown(state))


def precision_of(state: Mapping[str, Tensor]) -> str:
    """Return the floating-point type of the values, or all of them."""
    types = {str(value.dtype).removeprefix("torch.") for value in state.values() if value.is_floating_point()}
    return ", ".join(sorted(types))


@cache
def seen_as(name: str, variant: str) -> Any:
    """Return the configuration that is told from the keys and shapes of a named variant."""
    state = on_meta(name, architecture(name).variants[variant]).state_dict()
    return OFFICIAL_FORMATS[name].detect({OFFICIAL_FORMATS[name].name(key): state[key] for key in state})


def on_meta(name: str, config: Any) -> RestorationNetwork:
    """Build a network without values, for its keys and shapes."""
    with torch.device("meta"):
        return architecture(name).network(config)


def _unknown(state: Mapping[str, Tensor]) -> str:
    """Name the architecture whose keys, whatever their numbers, are most like these."""
    found = _shapes_of_names(state)
    likeness = {}
    for name, official_format in OFFICIAL_FORMATS.items():
        config = next(iter(architecture(name).variants.values()))
        known = _shapes_of_names(official_format.name(key) for key in on_meta(name, config).state_dict())
        likeness[name] = (len(found & known) / len(found | known), known)
    closest = max(likeness, key=lambda name: likeness[name][0])
    share, known = likeness[closest]
    title, examples = architecture(closest).title, ", ".join(sorted(state)[:3])
    if not share:
        titles = ", ".join(architecture(name).title for name in OFFICIAL_FORMATS)
        return f"none of the known architectures ({titles}); its keys begin with {examples}"
    return (
        f"none of the known architectures; {title} comes closest with {share:.0%} of the names, but"
        f" {_some(known - found)} are missing and {_some(found - known)} left over (# stands for numbers)"
    )


def _shapes_of_names(keys: Iterable[str]) -> set[str]:
    return {re.sub(r"\d+", "#", key) for key in keys}


def _some(keys: set[str]) -> str:
    shown = ", ".join(sorted(keys)[:3]) + (", ..." if len(keys) > 3 else "")
    return f"{len(keys)} ({shown})" if keys else "none"
