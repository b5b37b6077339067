"""What is done to an image: what was asked for, or what a diagnosis advises."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restora.cancellation import Cancel
from restora.checkpoints.tasks import load_for_task, weights_for_task, without_weights
from restora.errors import RestoraError
from restora.input_types import open_image
from restora.pixels import Pixels
from restora.restoration.restorer import Restorer
from restora.restoration.tiled_restoration import Progress

if TYPE_CHECKING:  # imported when an image is to be diagnosed: it takes a tenth of the time to start
    from restora.diagnosis import Diagnosis
    from restora.restoration.automatic import AutoRestorer

AUTO = "auto"
"""The task of a photograph of which nothing is said: whatever the diagnosis finds."""


@dataclass(frozen=True)
class Choice:
    """What is done to an image, and why.

    Attributes:
        restorers: To be applied one after the other; none leaves the image as it is.
        tasks: Of the restorers, if the image was diagnosed.
        missing: Tasks that would be due, but have no weights in the package.
        diagnosis: Of the image, if it was diagnosed.
        begun: What the first restorer made of its pixels, if that is known already.
    """

    restorers: tuple[Restorer, ...]
    tasks: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    diagnosis: "Diagnosis | None" = None
    begun: Pixels | None = None

    @classmethod
    def of(cls, restorer: "Restorer | AutoRestorer", image: Any) -> "Choice":
        """Return what a restorer does to an image: what it is, or what its diagnosis advises."""
        return cls((restorer,)) if isinstance(restorer, Restorer) else restorer.choose(image)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found and which weights are taken; then, how to get those that are missing."""
        if self.diagnosis is None:
            return ()
        weights = ", then ".join(weights_for_task(task) for task in self.tasks)
        done = f"restored with {weights}" if weights else "left as it is"
        return f"{self.diagnosis}; {done}", *map(without_weights, self.missing)

    def __call__(self, image: Any, progress: Progress | None = None, cancel: Cancel | None = None) -> Any:
        """Do to an image what was chosen; ``progress`` and ``cancel`` are those of the `Restorer`."""
        for number, restorer in enumerate(self.restorers):

            def part(fraction: float, number: int = number) -> None:
                if progress:
                    progress((number + fraction) / len(self.restorers))

            if number == 0 and self.begun is not None:
                image = open_image(image).close(self.begun)
                part(1.0)
            else:
                image = restorer(image, progress=part, cancel=cancel)
        return image


def restorer_for(
    task: str | None, weights: str | Path | None = None, **options: Any
) -> "Restorer | AutoRestorer":
    """Return what restores photographs of a task, or with named weights; of neither, what diagnoses them first.

    Args:
        task: One of `restora.checkpoints.TASKS`, or ``"auto"``, the same as ``None`` without weights.
        weights: What `restora.load_model` takes.
        **options: Of the `Restorer`.

    Raises:
        RestoraError: As `load_for_task` and `Restorer`; or weights are named that ``"auto"`` would choose.

    Example:
        >>> restorer_for("denoise", None, engine="torch").weights
        'denoise-chair-tiny'
    """
    if task == AUTO and weights is not None:
        raise RestoraError(
            f"the task auto chooses the weights itself, but {weights} are asked for; give one of the two"
        )
    if task is not None and task != AUTO:
        return Restorer(load_for_task(task, weights), **options)
    if weights is not None:
        return Restorer(weights, **options)
    from restora.restoration.automatic import AutoRestorer

    return AutoRestorer(**options)
