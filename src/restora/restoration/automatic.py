"""The Restorer that finds out itself what is wrong with an image."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from restora.checkpoints.tasks import load_for_task, weights_for_task, without_weights
from restora.diagnosis import Diagnosis, diagnose
from restora.diagnosis.treatment import INDEPENDENT_NOISE, REMEDIES, treatment_of
from restora.errors import RestoraError
from restora.images import read
from restora.input_types import open_image
from restora.pixels import Pixels, to_float
from restora.restoration.restorer import Restorer
from restora.restoration.tiled_restoration import Progress

AUTO = "auto"
"""The task of a photograph of which nothing is said: whatever the diagnosis finds."""
TRIAL = 192
"""Side of the window that weights are tried on, in pixels."""
LEAST_REMOVED = 0.35
"""Mean change, relative to the level of the noise, with which weights are taken to see it; 0.8 removes all of it."""


@dataclass(frozen=True)
class Choice:
    """What is done to an image, and why.

    Attributes:
        restorers: To be applied one after the other; none leaves the image as it is.
        tasks: Of the restorers, if the image was diagnosed.
        missing: Tasks that would be due, but have no weights in the package.
        diagnosis: Of the image, if it was diagnosed.
    """

    restorers: tuple[Restorer, ...]
    tasks: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found and which weights are taken; then, how to get those that are missing."""
        if self.diagnosis is None:
            return ()
        weights = ", then ".join(weights_for_task(task) for task in self.tasks)
        done = f"restored with {weights}" if weights else "left as it is"
        return f"{self.diagnosis}; {done}", *map(without_weights, self.missing)

    def __call__(self, image: Any, progress: Progress | None = None) -> Any:
        """Do to an image what was chosen; ``progress`` is called with the finished fraction."""
        for number, restorer in enumerate(self.restorers):

            def part(fraction: float, number: int = number) -> None:
                if progress:
                    progress((number + fraction) / len(self.restorers))

            image = restorer(image, progress=part)
        return image


class AutoRestorer:
    """Diagnose images and restore each with the weights for what is wrong with it.

    Networks are built when they are needed first, and kept; the one for noise at once, so that wrong options are known
    before the first photograph.

    Args:
        **options: Of the `Restorer`: ``strength``, ``tile``, ``overlap``, ``ensemble``, ``precision``, ``device``.

    Raises:
        RestoraError: An option that no `Restorer` takes.

    Example:
        >>> import numpy as np
        >>> restorer = AutoRestorer()
        >>> noisy = np.random.default_rng(0).normal(128, 25, (96, 96, 3)).clip(0, 255).astype(np.uint8)
        >>> bool(restorer(noisy).std() < 0.5 * noisy.std())
        True
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self._restorers: dict[str, Restorer] = {}
        self._restorer(REMEDIES["noise"])

    def choose(self, image: Any) -> Choice:
        """Diagnose an image and choose what to do.

        Args:
            image: What `restora.diagnose` takes.

        Raises:
            RestoraError: No image, or one that cannot be read.
        """
        pixels = open_image(image).pixels
        diagnosis = diagnose(pixels)
        treatment = treatment_of(diagnosis)
        tasks = tuple(self._tried(task, pixels, diagnosis) for task in treatment.tasks)
        return Choice(tuple(map(self._restorer, tasks)), tasks, treatment.missing, diagnosis)

    def _tried(self, task: str, pixels: Pixels, diagnosis: Diagnosis) -> str:
        """Return the task; for that of independent noise, that of all other noise, if it leaves most of it in a window.

        Gaussian weights see no noise where its grain is not quite independent, as on scanned film.
        """
        if task != INDEPENDENT_NOISE:
            return task
        top, left = (max(0, side - TRIAL) // 2 for side in pixels.shape[:2])
        window = np.ascontiguousarray(pixels[top : top + TRIAL, left : left + TRIAL])
        change = np.abs(to_float(self._restorer(task)(window)) - to_float(window)).mean() * 255
        return task if change > LEAST_REMOVED * diagnosis.noise_level else REMEDIES["noise"]

    def __call__(self, image: Any, *, progress: Progress | None = None) -> Any:
        """Restore an image in kind, as `Restorer` does; one in which nothing is found comes back as it is.

        Args:
            image: A path, which gives a `Photograph`, a `Photograph`, a PIL image, an array or a tensor.
            progress: Called with the finished fraction, rising to 1.
        """
        if isinstance(image, str | Path):
            image = read(image)
        return self.choose(image)(image, progress)

    def _restorer(self, task: str) -> Restorer:
        if task not in self._restorers:
            self._restorers[task] = Restorer(weights_for_task(task), **self.options)
        return self._restorers[task]


def restorer_for(
    task: str | None, weights: str | Path | None = None, **options: Any
) -> Restorer | AutoRestorer:
    """Return what restores photographs of a task, or with named weights; of neither, what diagnoses them first.

    Args:
        task: One of `restora.checkpoints.TASKS`, or ``"auto"``, the same as ``None`` without weights.
        weights: What `restora.load_model` takes.
        **options: Of the `Restorer`.

    Raises:
        RestoraError: As `load_for_task` and `Restorer`; or weights are named that ``"auto"`` would choose.
    """
    if task == AUTO and weights is not None:
        raise RestoraError(
            f"the task auto chooses the weights itself, but {weights} are asked for; give one of the two"
        )
    if task is not None and task != AUTO:
        return Restorer(load_for_task(task, weights), **options)
    return AutoRestorer(**options) if weights is None else Restorer(weights, **options)
