"""The weights that come with restora."""

from pathlib import Path

from restora.checkpoints.cards import WeightsCard, read_card


def weights_folder() -> Path:
    """Return the folder of the weights in the package."""
    return Path(__file__).parent.parent / "weights"


def list_weights() -> list[WeightsCard]:
    """Return the cards of all weights in the package, sorted by name."""
    return [read_card(path) for path in sorted(weights_folder().glob("*.json"))]
