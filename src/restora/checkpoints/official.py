"""State dicts as the papers' authors publish them, and as restora names them."""

from collections.abc import Mapping

from torch import Tensor

from restora.errors import RestoraError
from restora.networks import ARCHITECTURES, RestorationNetwork, architecture


def convert_state_dict(architecture_name: str, official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename an official state dict to our keys; the tensors stay as they are.

    Args:
        architecture_name: Such as ``"chair"``.
        official: As the authors' code saves it.

    Raises:
        RestoraError: It is no state dict of that architecture; the message names keys missing and left over, or a
            constant that has another value.

    Example:
        >>> import restora
        >>> model = restora.create_model("chair", variant="tiny")
        >>> official = to_official_state_dict(model)  # or torch.load(FILE, weights_only=True)
        >>> sorted(convert_state_dict("chair", official)) == sorted(model.state_dict())
        True
    """
    arch = architecture(architecture_name)
    config = arch.recognise(official)
    if config is None:
        raise RestoraError(f"the state dict is not one of {arch.title}'s")
    return arch.from_official(official, config)


def to_official_state_dict(model: RestorationNetwork) -> dict[str, Tensor]:
    """Return a network's weights under the authors' keys, so that their code can use them.

    Raises:
        RestoraError: The module is none of the registered architectures.

    Example:
        >>> import restora
        >>> next(iter(to_official_state_dict(restora.create_model("chair", variant="tiny"))))
        'SCM2.main.0.main.0.weight'
    """
    for arch in ARCHITECTURES.values():
        if type(model) is arch.network:
            return arch.to_official(model.state_dict())
    raise RestoraError(f"{type(model).__name__} is none of: {', '.join(ARCHITECTURES)}")
