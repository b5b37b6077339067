"""Between the state dicts that the papers' authors publish and ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from restora.checkpoints import chair, derestormer, dinat_ir, kit
from restora.errors import RestoraError
from restora.networks import RestorationNetwork, architecture


@dataclass(frozen=True)
class OfficialFormat:
    """How the authors of an architecture write its weights.

    Attributes:
        name: One of our keys -> theirs.
        detect: Their state dict -> our config, or ``None`` when it is another architecture's.
        constants: Our weights under their names -> what their files hold beside them, always with the same values.
    """

    name: Callable[[str], str]
    detect: Callable[[Mapping[str, Tensor]], Any]
    constants: Callable[[Mapping[str, Tensor]], dict[str, Tensor]] = lambda _: {}


OFFICIAL_FORMATS: dict[str, OfficialFormat] = {
    "chair": OfficialFormat(chair.official_name, chair.detect),
    "dinat_ir": OfficialFormat(dinat_ir.official_name, dinat_ir.detect),
    "kit": OfficialFormat(kit.official_name, kit.detect),
    "derestormer": OfficialFormat(derestormer.official_name, derestormer.detect, derestormer.identities),
}


def convert_state_dict(architecture_name: str, official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename an official state dict to our keys; the tensors stay as they are.

    Args:
        architecture_name: Such as ``"chair"``.
        official: As the authors' code saves it.

    Raises:
        RestoraError: It is no state dict of that architecture; the message names keys missing and left over, or a
            constant that has another value.
    """
    config = _format(architecture_name).detect(official)
    if config is None:
        raise RestoraError(f"the state dict is not one of {architecture(architecture_name).title}'s")
    with torch.device("meta"):
        network = architecture(architecture_name).network(config)
    rename = _format(architecture_name).name
    names = {rename(name): name for name in network.state_dict()}  # official -> ours
    constants = _format(architecture_name).constants({key: official[key] for key in names if key in official})
    expected = names.keys() | constants.keys()
    missing, left_over = sorted(expected - official.keys()), sorted(official.keys() - expected)
    if missing or left_over:
        raise RestoraError(
            f"the state dict looks like {architecture(architecture_name).title}"
            f" but {_some(missing)} are missing and {_some(left_over)} left over"
        )
    changed = [key for key, value in constants.items() if not torch.equal(official[key], value)]
    if changed:
        raise RestoraError(
            f"{architecture(architecture_name).title}'s files always hold the same constants, but {_some(changed)}"
            " have other values"
        )
    return {ours: official[theirs] for theirs, ours in names.items()}


def to_official_state_dict(model: RestorationNetwork) -> dict[str, Tensor]:
    """Return a network's weights under the authors' keys, so that their code can use them.

    Raises:
        RestoraError: The module is none of the registered architectures.
    """
    for name, official in OFFICIAL_FORMATS.items():
        if type(model) is architecture(name).network:
            weights = {official.name(key): value for key, value in model.state_dict().items()}
            return weights | official.constants(weights)
    raise RestoraError(f"{type(model).__name__} is none of: {', '.join(OFFICIAL_FORMATS)}")


def _format(name: str) -> OfficialFormat:
    if name not in OFFICIAL_FORMATS:
        raise RestoraError(
            f"no official format of {name!r} is known; there are: {', '.join(OFFICIAL_FORMATS)}"
        )
    return OFFICIAL_FORMATS[name]


def _some(keys: list[str]) -> str:
    """Name the first few of many keys."""
    shown = ", ".join(keys[:3]) + (", ..." if len(keys) > 3 else "")
    return f"{len(keys)} keys" + (f" ({shown})" if keys else "")
