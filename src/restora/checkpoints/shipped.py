"""The weights that come with restora."""

from pathlib import Path

from restora.checkpoints.cards import WeightsCard, read_card
from restora.errors import RestoraError


def weights_folder() -> Path:
    """Return the folder of the weights in the package."""
    return Path(__file__).parent.parent / "weights"


def list_weights() -> list[WeightsCard]:
    """Return the cards of all weights in the package, sorted by name."""
    return [read_card(path) for path in sorted(weights_folder().glob("*.json"))]


def weights_for_task(task: str) -> str:
    """Return the name of the best weights in the package for a task.

    Where several networks do a task, the one with the highest mean score on what all of them were measured on wins.

    Raises:
        RestoraError: None does; the message lists the tasks there are.

    Example:
        >>> weights_for_task("denoise")
        'denoise-chair-tiny'
    """
    cards = list_weights()
    candidates = [card for card in cards if card.task == task]
    if not candidates:
        tasks = ", ".join(sorted({card.task for card in cards}))
        raise RestoraError(f"no weights for the task {task!r}; there are: {tasks}")
    measured = [{(s.benchmark, s.protocol, s.setting): s.psnr for s in card.scores} for card in candidates]
    common = set.intersection(*(set(scores) for scores in measured))
    means = [sum(scores[key] for key in common) / max(1, len(common)) for scores in measured]
    return candidates[means.index(max(means))].name
