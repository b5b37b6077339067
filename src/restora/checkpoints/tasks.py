"""What can be wrong with a photograph, and the weights that mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from restora.checkpoints.cards import WeightsCard
from restora.checkpoints.loading import load_model
from restora.checkpoints.published import published_for_task
from restora.checkpoints.shipped import list_weights
from restora.errors import RestoraError
from restora.networks import RestorationNetwork


@dataclass(frozen=True)
class Task:
    """A kind of damage.

    Attributes:
        name: The word behind ``--task``.
        removes: What it takes away, in a few words.
        recipe: The bundled recipe that trains weights for it.
    """

    name: str
    removes: str
    recipe: str


TASKS = {
    task.name: task
    for task in (
        Task("denoise", "independent Gaussian noise, as benchmarks have it", "photos/denoise-laptop"),
        Task("denoise-real", "noise of cameras and telephones, with JPEG", "photos/denoise-real-laptop"),
        Task("deblur", "motion blur", "photos/deblur-laptop"),
        Task("defocus", "defocus blur", "photos/defocus-laptop"),
        Task(
            "defocus-dual",
            "defocus blur, from two views of a dual-pixel sensor",
            "photos/defocus-dual-laptop",
        ),
        Task("derain", "rain", "photos/derain-laptop"),
        Task("desnow", "snow", "photos/desnow-laptop"),
        Task("dehaze", "haze, by day and by night", "photos/dehaze-laptop"),
        Task("any", "whatever it is, less well than the weights for one damage", "photos/any-laptop"),
    )
}
"""Tasks by name, in the order of the documentation."""


def tasks_with_weights() -> tuple[str, ...]:
    """Return the tasks that weights in the package do, in the order of the documentation.

    Example:
        >>> "derain" in tasks_with_weights()
        True
    """
    there = {card.task for card in list_weights()}
    return tuple(task for task in TASKS if task in there)


def weights_for_task(task: str) -> str:
    """Return the name of the best weights in the package for a task.

    Where several networks do a task, the tiny one with the highest mean score on what all of them were measured on wins.

    Raises:
        RestoraError: No such task, or no weights for it; the message says how to get some.

    Example:
        >>> weights_for_task("denoise")
        'denoise-chair-tiny'
    """
    candidates = [card for card in list_weights() if card.task == task]
    if not candidates:
        raise RestoraError(without_weights(task))
    return best_of(candidates).name


TIE = 0.1
"""Decibels by which weights may be behind the best and still be as good: nobody sees a tenth."""


def best_of(candidates: Sequence[WeightsCard]) -> WeightsCard:
    """Return the weights with the highest mean score on what all of them were measured on, tiny ones if there are some.

    Larger ones take several times as long for a tenth of a decibel; they are asked for by name or variant. Of such as are as
    good as the best, those of ChaIR are taken, which restores several times as many pixels a second.
    """
    candidates = [card for card in candidates if card.variant == "tiny"] or candidates
    measured = [{(s.benchmark, s.protocol, s.setting): s.psnr for s in card.scores} for card in candidates]
    common = set.intersection(*(set(scores) for scores in measured))
    means = [sum(scores[key] for key in common) / max(1, len(common)) for scores in measured]
    ranks = [
        (card.architecture == "chair" and mean > max(means) - TIE, mean)
        for card, mean in zip(candidates, means, strict=True)
    ]
    return candidates[ranks.index(max(ranks))]


def load_for_task(task: str, weights: str | Path | None = None) -> RestorationNetwork:
    """Load the network for a task, or the one that is named.

    Args:
        task: One of `TASKS`.
        weights: What `load_model` takes; the best weights in the package for the task when left out.

    Raises:
        RestoraError: As `weights_for_task` and `load_model`, or the named weights are for another task.

    Example:
        >>> load_for_task("denoise").card.name
        'denoise-chair-tiny'
    """
    if weights is None:
        return load_model(weights_for_task(task))
    network = load_model(weights)
    card: WeightsCard | None = network.card
    if card is not None and card.task != task:
        raise RestoraError(
            f"the weights {weights} are for the task {card.task}, but {task} is asked for; give one of the two"
        )
    return network


def without_weights(task: str) -> str:
    """Say what to do about a task that no weights in the package are for."""
    if task not in TASKS:
        near = get_close_matches(task, TASKS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return f"unknown task {task!r}; {hint}there are: {', '.join(TASKS)}"
    known = TASKS[task]
    words = (
        f"no weights for the task {task} ({known.removes}) come with restora yet; train some with"
        f" 'restora train {known.recipe}'"
    )
    fetchable = [published.name for published in published_for_task(task) if published.file]
    return words + (f", or fetch the authors' with --weights {fetchable[0]}" if fetchable else "")
