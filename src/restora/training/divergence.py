"""Notice when training goes wrong, before a good checkpoint is replaced."""

from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from restora.errors import RestoraError

REMEMBERED = 20
"""Reports that make up the median."""

WARMING_UP = 3
"""Reports before there is one."""


class DivergenceWatch:
    """Stops a run whose loss is not finite or whose error explodes.

    Args:
        factor: How many times the median of the last reports the error may be.
        folder: Of the run, for the message.
    """

    def __init__(self, factor: float, folder: Path) -> None:
        self.factor, self.folder = factor, folder
        self._errors: list[float] = []

    def check(self, losses: Tensor, errors: Tensor, step: int) -> None:
        """Look at the steps since the last check.

        Args:
            losses: Of each step (n,).
            errors: Mean absolute error of each step (n,), in grey levels.
            step: Steps done; the last one belongs to the last value.

        Raises:
            RestoraError: One of them is not finite, or their mean error is far above what it was.
        """
        bad = (~torch.isfinite(losses + errors)).nonzero().flatten()
        if len(bad):
            first = int(bad[0])
            raise RestoraError(
                f"the loss is {float(losses[first])} in step {step - len(losses) + first + 1}; {self._remedy()}"
            )
        error = float(errors.mean())
        if len(self._errors) >= WARMING_UP and error > self.factor * median(self._errors):
            raise RestoraError(
                f"the error explodes by step {step}: {error:.1f} grey levels, after a median of"
                f" {median(self._errors):.1f}; {self._remedy()}"
            )
        self._errors = [*self._errors[-REMEMBERED + 1 :], error]

    def _remedy(self) -> str:
        return (
            f"the last good checkpoint is kept in {self.folder}: resume with a lower optimizer.learning_rate"
            " or optimizer.clip"
        )
