"""A network with its weights, from whatever names or holds them."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from restora.checkpoints.cards import WeightsCard, read_card
from restora.checkpoints.official import OFFICIAL_FORMATS, convert_state_dict
from restora.checkpoints.reading import read_tensors
from restora.checkpoints.shipped import list_weights, weights_folder
from restora.errors import RestoraError
from restora.networks import architecture, build_config


def load_model(source: str | Path, **overrides: Any) -> nn.Module:
    """Load a network with its weights, in evaluation mode, float32, on the CPU.

    Args:
        source: The name of weights that come with restora (see `list_weights`), a ``.safetensors`` file with its
            card beside it, or a checkpoint as the papers' authors publish it (``.pth``, ``.pkl``, ``.pt``, nested
            or prefixed in the usual ways).
        **overrides: Fields of the configuration that keys and shapes cannot tell.

    Returns:
        The module; ``module.card`` is its `WeightsCard`, or ``None`` for an official checkpoint.

    Raises:
        RestoraError: Unknown name, unreadable or unsafe file, no known architecture, or a file that is not the one
            its card describes.

    Example:
        >>> load_model("denoise-chair-tiny").card.task
        'denoise'
    """
    path = Path(source)
    if not path.exists() and not path.suffix:
        path = weights_folder() / f"{source}.safetensors"
        if not path.exists():
            names = ", ".join(card.name for card in list_weights())
            raise RestoraError(
                f"{source}: no such file, and no such weights in the package; there are: {names}"
            )
    card_path = path.with_suffix(".json")
    if path.suffix == ".safetensors" and card_path.exists():
        return _load_with_card(path, read_card(card_path), overrides)
    return _load_official(path, overrides)


def _load_with_card(path: Path, card: WeightsCard, overrides: dict[str, Any]) -> nn.Module:
    if hashlib.sha256(path.read_bytes()).hexdigest() != card.sha256:
        raise RestoraError(f"{path}: not the file that its card {card.name}.json describes; fetch both again")
    arch = architecture(card.architecture)
    network = arch.network(build_config(arch, card.config | overrides))
    return _filled(network, read_tensors(path), card, path)


def _load_official(path: Path, overrides: dict[str, Any]) -> nn.Module:
    official = read_tensors(path)
    for name, official_format in OFFICIAL_FORMATS.items():
        config = official_format.detect(official)
        if config is None:
            continue
        try:
            state = convert_state_dict(name, official)
        except RestoraError as error:
            raise RestoraError(f"{path}: {error}") from error
        arch = architecture(name)
        return _filled(arch.network(build_config(arch, asdict(config) | overrides)), state, None, path)
    sample = ", ".join(sorted(official)[:3])
    raise RestoraError(
        f"{path}: none of the known architectures ({', '.join(OFFICIAL_FORMATS)}); its keys begin with {sample}"
    )


def _filled(network: nn.Module, state: dict[str, Tensor], card: WeightsCard | None, path: Path) -> nn.Module:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise RestoraError(
            f"{path}: the weights do not fit the network ({' '.join(str(error).split())})"
        ) from error
    network.card = card  # type: ignore[assignment]
    return network.eval()
