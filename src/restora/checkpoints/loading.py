"""Loading of a network with its weights, from whatever names or holds them."""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from restora.checkpoints.cards import WeightsCard, read_card
from restora.checkpoints.hub import fetch, is_hub_id, weights_in
from restora.checkpoints.inspection import inspect_state_dict
from restora.checkpoints.published import PUBLISHED, fetch_published
from restora.checkpoints.reading import checksums_in, read_content, read_tensors, sha256_of, tensors_in
from restora.checkpoints.shipped import list_weights, shipped_file
from restora.checkpoints.training_state import TrainingState, training_state
from restora.errors import RestoraError
from restora.networks import Architecture, RestorationNetwork, architecture
from restora.networks.architecture import some

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedCheckpoint:
    """A file of weights, read once, and what it was found to be.

    Attributes:
        path: File that was read.
        architecture: Architecture of the network.
        variant: Named variant of the configuration; ``None`` if it is none of them.
        config: Configuration of the network.
        weights: Tensors under restora's keys, as the file holds them.
        card: Weights card beside the file, if there is one.
        training: Facts of the training run that wrote the file, if one did.

    Example:
        >>> checkpoint = read_checkpoint(find_weights("denoise-chair-tiny"))
        >>> checkpoint.architecture.title, checkpoint.variant, checkpoint.network().training
        ('ChaIR', 'tiny', False)
    """

    path: Path
    architecture: Architecture
    variant: str | None
    config: Any
    weights: dict[str, Tensor]
    card: WeightsCard | None = None
    training: TrainingState | None = None

    def network(self, **overrides: Any) -> RestorationNetwork:
        """Build the network with these weights, in evaluation mode, float32.

        Args:
            **overrides: Fields of the configuration to change.

        Raises:
            RestoraError: The weights do not fit.
        """
        arch, weights = self.architecture, self.weights
        config = arch.configure(asdict(self.config) | overrides)
        expected = arch.on_meta(config).state_dict()
        missing, left_over = expected.keys() - weights.keys(), weights.keys() - expected.keys()
        others = {key for key in expected.keys() - missing if expected[key].shape != weights[key].shape}
        if missing or left_over or others:
            raise RestoraError(
                f"{self.path}: the weights do not fit the network: {some(missing)} are missing,"
                f" {some(left_over)} left over, {some(others)} of other shapes"
            )
        network = arch.build(config)
        network.load_state_dict(weights)
        network.card = self.card
        return network.eval()


def load_model(source: str | Path, **overrides: Any) -> RestorationNetwork:
    """Load a network with its weights, in evaluation mode, float32, on the CPU.

    Args:
        source: The name of weights that come with restora (see `list_weights`) or that are published (see
            `PUBLISHED`), a ``.safetensors`` file with its card beside it or a folder with both, a hub id
            (``owner/name``), ``best.pt`` or ``last.pt`` of a training run (the averaged weights are taken), or a
            checkpoint as the papers' authors publish it (``.pth``, ``.pkl``, ``.pt``, nested or prefixed in the usual
            ways). What was found in a file without a card is logged.
        **overrides: Fields of the configuration that keys and shapes cannot tell.

    Returns:
        The network; ``network.card`` is its `WeightsCard`, or ``None`` for a file without one.

    Raises:
        RestoraError: Unknown name, unreadable or unsafe file, no known architecture, or a file that is not the one
            its card describes.

    Example:
        >>> load_model("denoise-chair-tiny").card.task
        'denoise'
    """
    return read_checkpoint(find_weights(source)).network(**overrides)


def find_weights(source: str | Path) -> Path:
    """Return the file of weights that a name, a path, a folder or a hub id stands for."""
    if not str(source):
        raise RestoraError(
            "the name of the weights is empty; give a file, a folder or a name of 'restora weights'"
        )
    path = Path(source)
    if path.is_dir():
        return weights_in(path)
    if path.exists():
        return path
    if shipped := shipped_file(str(source)):
        return shipped
    if str(source) in PUBLISHED:
        return fetch_published(str(source))
    if is_hub_id(str(source)):
        return weights_in(fetch(str(source)))
    names = ", ".join(card.name for card in list_weights())
    raise RestoraError(f"{source}: no such file, and no such weights in the package; there are: {names}")


def read_checkpoint(path: Path) -> LoadedCheckpoint:
    """Read a file of weights and tell what it is: by its card, by what a training run says of itself, or by its keys.

    Raises:
        RestoraError: Unreadable or unsafe file, no known architecture, keys missing or left over, or a file that is
            not the one its card describes.

    Example:
        >>> read_checkpoint(find_weights("denoise-chair-tiny")).card.name
        'denoise-chair-tiny'
    """
    card_path, card = path.with_suffix(".json"), _card_of(path)
    content = read_content(path)
    weights = tensors_in(content, path)
    if card:
        try:
            arch = architecture(card.architecture)
            return LoadedCheckpoint(path, arch, card.variant, arch.configure(card.config), weights, card=card)
        except RestoraError as error:
            raise RestoraError(f"{card_path}: {error}") from error
    if training := training_state(content, path):
        arch = architecture(training.architecture)
        logger.info("%s: %s of %s after %d steps", path, arch.title, training.name, training.steps)
        return LoadedCheckpoint(path, arch, training.variant, training.config, weights, training=training)
    try:
        found = inspect_state_dict(weights)
        arch = architecture(found.architecture)
        if found.keys == "official":
            weights = arch.from_official(weights, found.config)
    except RestoraError as error:
        raise RestoraError(f"{path}: {error}") from error
    logger.info("%s: %s", path, found)
    return LoadedCheckpoint(path, arch, found.variant, found.config, weights)


def check_weights(path: Path) -> str | None:
    """Read a file of weights, of whatever network, to its end.

    Returns:
        Where the checksum is that it was held against; ``None`` if it has none.

    Raises:
        RestoraError: Damaged, unsafe, no weights, or not the file that its card describes.
    """
    card = _card_of(path)
    read_tensors(path)
    return f"{path.stem}.json" if card else checksums_in(path)


def _card_of(path: Path) -> WeightsCard | None:
    """Return the card beside a file of weights, if there is one, whose checksum it must have."""
    card_path = path.with_suffix(".json")
    card = read_card(card_path) if path.suffix == ".safetensors" and card_path.exists() else None
    if card and sha256_of(path) != card.sha256:
        raise RestoraError(f"{path}: not the file that its card {card_path.name} describes; fetch both again")
    return card
