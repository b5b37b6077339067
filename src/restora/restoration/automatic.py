"""The Restorer that finds out itself what is wrong with an image."""

import copy
from threading import Lock
from typing import Any, Self

import numpy as np

from restora.cancellation import Cancel, cancellable, check
from restora.checkpoints.tasks import weights_for_task
from restora.diagnosis import Diagnosis, diagnose
from restora.diagnosis.treatment import INDEPENDENT_NOISE, REMEDIES, treatment_of
from restora.input_types import loaded, open_image
from restora.pixels import Pixels, to_float
from restora.restoration.blending import check_strength
from restora.restoration.choosing import Choice
from restora.restoration.restorer import Restorer
from restora.restoration.tiled_restoration import Progress

TRIAL = 192
"""Side of the window that weights are tried on, in pixels."""
LEAST_REMOVED = 0.35
"""Mean change, relative to the level of the noise, with which weights are taken to see it; 0.8 removes all of it."""


class AutoRestorer:
    """Diagnose images and restore each with the weights for what is wrong with it.

    Networks are built when they are needed first, and kept; the one for noise at once, so that wrong options are known
    before the first photograph.

    Args:
        strength: Of the `Restorer`.
        **options: Of the `Restorer`: ``tile``, ``overlap``, ``ensemble``, ``precision``, ``device``, ...

    Raises:
        RestoraError: An option that no `Restorer` takes.

    Example:
        >>> import numpy as np
        >>> restorer = AutoRestorer()
        >>> noisy = np.random.default_rng(0).normal(128, 25, (96, 96, 3)).clip(0, 255).astype(np.uint8)
        >>> bool(restorer(noisy).std() < 0.5 * noisy.std())
        True
    """

    def __init__(self, *, strength: float = 1.0, **options: Any) -> None:
        self.options, self.strength = options, strength
        self._restorers: dict[str, Restorer] = {}
        self._building = Lock()
        self.restorer(REMEDIES["noise"])

    def with_strength(self, strength: float) -> Self:
        """Return one of another strength, which shares all networks with this one; see `Restorer.with_strength`."""
        check_strength(strength)
        other = copy.copy(self)
        other.strength = strength
        return other

    def choose(self, image: Any) -> Choice:
        """Diagnose an image and choose what to do.

        Args:
            image: What `restora.diagnose` takes.

        Raises:
            RestoraError: No image, or one that cannot be read.
        """
        pixels = open_image(image).pixels
        check()
        diagnosis = diagnose(pixels)
        check()
        treatment = treatment_of(diagnosis)
        tasks, begun = treatment.tasks, None
        if tasks[:1] == (INDEPENDENT_NOISE,):
            task, begun = self._tried(pixels, diagnosis)
            tasks = (task, *tasks[1:])
        return Choice(tuple(map(self.restorer, tasks)), tasks, treatment.missing, diagnosis, begun)

    def _tried(self, pixels: Pixels, diagnosis: Diagnosis) -> tuple[str, Pixels | None]:
        """Return the task of independent noise, or that of all other noise, if it leaves most of it in a window.

        Gaussian weights see no noise where its grain is not quite independent, as on scanned film. Where the window is all of
        the picture, what the weights made of it comes along.
        """
        top, left = (max(0, side - TRIAL) // 2 for side in pixels.shape[:2])
        window = np.ascontiguousarray(pixels[top : top + TRIAL, left : left + TRIAL])
        restored = self.restorer(INDEPENDENT_NOISE)(window)
        change = np.abs(to_float(restored) - to_float(window)).mean() * 255
        if change <= LEAST_REMOVED * diagnosis.noise_level:
            return REMEDIES["noise"], None
        return INDEPENDENT_NOISE, restored if window.shape == pixels.shape else None

    def __call__(self, image: Any, *, progress: Progress | None = None, cancel: Cancel | None = None) -> Any:
        """Restore an image in kind, as `Restorer` does; one in which nothing is found comes back as it is.

        Args:
            image: A file, which gives a `Photograph`, a `Photograph`, a PIL image, an array or a tensor.
            progress: Called with the finished fraction, rising to 1.
            cancel: Ends the work when it is set; see `Restorer`.

        Raises:
            Cancelled: ``cancel`` was set.
            RestoraError: No image, or one that cannot be read.
        """
        image = loaded(image)
        with cancellable(cancel):
            return self.choose(image)(image, progress)

    def restorer(self, task: str) -> Restorer:
        """Return what restores pictures of one task, built when it is first asked for."""
        with self._building:
            if task not in self._restorers:
                self._restorers[task] = Restorer(weights_for_task(task), **self.options)
            return self._restorers[task].with_strength(self.strength)
