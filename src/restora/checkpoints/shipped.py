"""The weights that come with restora, and with packages that add to it."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

from torch import Tensor

from restora.checkpoints.cards import WeightsCard, read_card
from restora.checkpoints.reading import checksum, read_tensors
from restora.plugins import add_plugins


def weights_folder() -> Path:
    """Return the folder of the weights in the package."""
    return Path(__file__).parent.parent / "weights"


@cache
def weights_folders() -> tuple[Path, ...]:
    """Return the folder of the weights in the package, then those of plug-ins; see `restora.plugins`."""
    folders = [weights_folder()]

    def add(package: ModuleType) -> None:
        folders.extend(map(Path, package.__path__))

    add_plugins("weights", add)
    return tuple(folders)


def list_weights() -> list[WeightsCard]:
    """Return the cards of all weights in the package and in plug-ins, sorted by name.

    Example:
        >>> [card.name for card in list_weights() if card.task == "denoise"]
        ['denoise-chair-small', 'denoise-chair-tiny', 'denoise-kit-tiny']
    """
    found = {path.stem: path for folder in reversed(weights_folders()) for path in folder.glob("*.json")}
    return [read_card(found[name]) for name in sorted(found)]


def shipped_card(cards: Iterable[WeightsCard], state: Mapping[str, Tensor]) -> WeightsCard | None:
    """Return the card of weights that come with restora, if these are some of them under restora's keys.

    Args:
        cards: Of `list_weights`, whose files are read one after another.
        state: What has no card beside it.

    Example:
        >>> state = read_tensors(weights_folder() / "denoise-kit-tiny.safetensors")
        >>> shipped_card(list_weights(), state).name
        'denoise-kit-tiny'
    """
    own = checksum(state)
    files = ((card, shipped_file(card.name)) for card in cards)
    return next((card for card, file in files if file and checksum(read_tensors(file)) == own), None)


def shipped_file(name: str) -> Path | None:
    """Return the file of weights in the package or in a plug-in; of two of one name that in the package."""
    paths = (folder / f"{name}.safetensors" for folder in weights_folders())
    return next((path for path in paths if path.exists()), None)
