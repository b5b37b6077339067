"""Which crops make up which step: arithmetic on numbers, so that any step can be rebuilt from its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch.utils.data import Sampler

from restora.training.sections import StageSection


@dataclass(frozen=True)
class Stretch:
    """The part of a stage that is still to do.

    Attributes:
        stage: The stage.
        first_step: Number of its first step to do, counted over the whole run.
        last_step: Number of the step behind its end.
        first_crop: Number of the first crop of ``first_step``.
        starts_anew: Whether it begins a stage that has a learning rate, and with it an optimiser, of its own.
    """

    stage: StageSection
    first_step: int
    last_step: int
    first_crop: int
    starts_anew: bool


def remaining_stretches(stages: tuple[StageSection, ...], done: int) -> list[Stretch]:
    """Return what is left of each stage after ``done`` steps.

    Example:
        >>> stages = (StageSection(steps=5, patch=8, batch=4), StageSection(steps=3, patch=16, batch=2))
        >>> [(s.first_step, s.last_step, s.first_crop) for s in remaining_stretches(stages, 4)]
        [(4, 5, 16), (5, 8, 20)]
    """
    stretches, step, crop = [], 0, 0
    for stage in stages:
        start = max(step, done)
        if start < step + stage.steps:
            first_crop = crop + (start - step) * stage.batch
            anew = start == step and stage.learning_rate is not None
            stretches.append(Stretch(stage, start, step + stage.steps, first_crop, anew))
        step += stage.steps
        crop += stage.steps * stage.batch
    return stretches


class StepBatches(Sampler[list[int]]):
    """Crop numbers of each remaining step of a stage, for one of several processes."""

    def __init__(self, stretch: Stretch, rank: int = 0, processes: int = 1) -> None:
        self.stretch, self.rank, self.processes = stretch, rank, processes

    def __len__(self) -> int:
        return self.stretch.last_step - self.stretch.first_step

    def __iter__(self) -> Iterator[list[int]]:
        batch = self.stretch.stage.batch
        local = batch // self.processes
        for i in range(len(self)):
            start = self.stretch.first_crop + i * batch + self.rank * local
            yield list(range(start, start + local))
