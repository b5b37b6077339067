"""Notice when training goes wrong, before a good checkpoint is replaced."""

from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from restora.errors import RestoraError

REMEMBERED = 20
"""Reports that make up the median."""

WARMING_UP = 3
"""Reports before there is one."""


class DivergedError(RestoraError):
    """A run's loss is not finite, or its error explodes."""


class DivergenceWatch:
    """Stops a run whose loss is not finite or whose error explodes.

    Args:
        factor: How many times the median of the last reports the error may be.
        folder: Folder of the run, for the message.
    """

    def __init__(self, factor: float, folder: Path) -> None:
        self.factor, self.folder = factor, folder
        self._errors: list[float] = []

    def check(self, measured: Sequence[Tensor], step: int) -> None:
        """Look at the steps since the last check.

        Args:
            measured: Loss and mean absolute error in grey levels of each step: (2,).
            step: Steps done; the last one of ``measured`` is the last one done.

        Raises:
            DivergedError: One of them is not finite, or their mean error is far above what it was.
        """
        self.check_finite(measured, step)
        error = float(torch.stack(tuple(measured))[:, 1].mean())
        if len(self._errors) >= WARMING_UP and error > self.factor * median(self._errors):
            raise DivergedError(
                f"the error explodes by step {step}: {error:.1f} grey levels, after a median of"
                f" {median(self._errors):.1f}; {self._remedy()}"
            )
        self._errors = [*self._errors[-REMEMBERED + 1 :], error]

    def check_finite(self, measured: Sequence[Tensor], step: int) -> None:
        """Look for a loss or an error that is no number, or infinite; see `check`."""
        for number, (loss, error) in enumerate(torch.stack(tuple(measured)).tolist() if measured else ()):
            if not isfinite(loss + error):
                first = step - len(measured) + number + 1
                raise DivergedError(f"the loss is {loss} in step {first}; {self._remedy()}")

    def check_weights(self, weights: Iterable[Tensor], step: int) -> None:
        """Look for weights that are no numbers, or infinite, before they are scored; see `check`."""
        if not all(bool(values.isfinite().all()) for values in weights):
            raise DivergedError(f"the weights are not finite after step {step}; {self._remedy()}")

    def _remedy(self) -> str:
        return (
            f"the last good checkpoint is kept in {self.folder}: resume with a lower optimizer.learning_rate"
            " or optimizer.clip"
        )
