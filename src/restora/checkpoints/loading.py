"""A network with its weights, from whatever names or holds them."""

import hashlib
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from restora.checkpoints.cards import WeightsCard, read_card
from restora.checkpoints.hub import fetch, is_hub_id, weights_in
from restora.checkpoints.inspection import inspect_state_dict
from restora.checkpoints.official import convert_state_dict
from restora.checkpoints.published import PUBLISHED, fetch_published
from restora.checkpoints.reading import read_tensors
from restora.checkpoints.shipped import list_weights, weights_folder
from restora.checkpoints.training_state import read_training_state
from restora.errors import RestoraError
from restora.networks import RestorationNetwork, architecture, build_config

logger = logging.getLogger(__name__)


def load_model(source: str | Path, **overrides: Any) -> RestorationNetwork:
    """Load a network with its weights, in evaluation mode, float32, on the CPU.

    Args:
        source: The name of weights that come with restora (see `list_weights`) or that are published (see `PUBLISHED`), a ``.safetensors`` file with its
            card beside it or a folder with both, a hub id (``owner/name``), ``best.pt`` or ``last.pt`` of a training
            run (the averaged weights are taken), or a checkpoint as the papers' authors publish it (``.pth``,
            ``.pkl``, ``.pt``, nested or prefixed in the usual ways). What was found in a file without a card is logged.
        **overrides: Fields of the configuration that keys and shapes cannot tell.

    Returns:
        The module; ``module.card`` is its `WeightsCard`, or ``None`` for a file without one.

    Raises:
        RestoraError: Unknown name, unreadable or unsafe file, no known architecture, or a file that is not the one
            its card describes.

    Example:
        >>> load_model("denoise-chair-tiny").card.task
        'denoise'
    """
    path = _find(source)
    card_path = path.with_suffix(".json")
    if path.suffix == ".safetensors" and card_path.exists():
        return _load_with_card(path, read_card(card_path), overrides)
    return _load_without_card(path, overrides)


def _find(source: str | Path) -> Path:
    """Return the file of weights that a name, a path, a folder or a hub id stands for."""
    path = Path(source)
    if path.is_dir():
        return weights_in(path)
    if path.exists():
        return path
    shipped = weights_folder() / f"{source}.safetensors"
    if shipped.exists():
        return shipped
    if str(source) in PUBLISHED:
        return fetch_published(str(source))
    if is_hub_id(str(source)):
        return weights_in(fetch(str(source)))
    names = ", ".join(card.name for card in list_weights())
    raise RestoraError(f"{source}: no such file, and no such weights in the package; there are: {names}")


def _load_with_card(path: Path, card: WeightsCard, overrides: dict[str, Any]) -> RestorationNetwork:
    if hashlib.sha256(path.read_bytes()).hexdigest() != card.sha256:
        raise RestoraError(f"{path}: not the file that its card {card.name}.json describes; fetch both again")
    arch = architecture(card.architecture)
    network = arch.network(build_config(arch, card.config | overrides))
    return _filled(network, read_tensors(path), card, path)


def _load_without_card(path: Path, overrides: dict[str, Any]) -> RestorationNetwork:
    state = read_tensors(path)
    if trained := read_training_state(path):
        arch = architecture(trained.architecture)
        logger.info("%s: %s of %s after %d steps", path, arch.title, trained.name, trained.steps)
        return _filled(
            arch.network(build_config(arch, asdict(trained.config) | overrides)), state, None, path
        )
    try:
        found = inspect_state_dict(state)
        if found.keys == "official":
            state = convert_state_dict(found.architecture, state)
    except RestoraError as error:
        raise RestoraError(f"{path}: {error}") from error
    logger.info("%s: %s", path, found)
    arch = architecture(found.architecture)
    return _filled(arch.network(build_config(arch, asdict(found.config) | overrides)), state, None, path)


def _filled(
    network: RestorationNetwork, state: dict[str, Tensor], card: WeightsCard | None, path: Path
) -> RestorationNetwork:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise RestoraError(
            f"{path}: the weights do not fit the network ({' '.join(str(error).split())})"
        ) from error
    network.card = card
    return network.eval()
