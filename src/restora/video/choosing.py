"""What restores a film: chosen once, for all its frames, and so that a run that goes on computes the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restora.checkpoints.reading import sha256_of
from restora.checkpoints.tasks import weights_for_task
from restora.diagnosis.treatment import INDEPENDENT_NOISE, REMEDIES
from restora.errors import RestoraError
from restora.restoration import Restorer, restorer_for
from restora.threads import available_cores
from restora.video.clip import Clip
from restora.video.color import Floats

_LEFT_TO_THE_MACHINE = ("tile", "precision", "device", "engine", "threads")


@dataclass(frozen=True)
class Treatment:
    """What is done to every frame.

    Attributes:
        weights: What `restora.load_model` takes, one after the other.
        options: Of each `Restorer`; nothing in them is left to memory and load.
        notes: What was found, and what is done.
    """

    weights: tuple[str, ...]
    options: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]

    def restorers(self) -> list[Restorer]:
        """Build what does it."""
        return [Restorer(name, **own) for name, own in zip(self.weights, self.options, strict=True)]


def choose_treatment(
    clip: Clip,
    frames: Sequence[Floats],
    task: str | None,
    weights: str | Path | None,
    options: Mapping[str, Any],
) -> Treatment:
    """Decide what is done to a film.

    Args:
        clip: The film.
        frames: Some of it, to be diagnosed where neither task nor weights are named.
        task: As in `restora.restore`. Weights for independent noise hardly see that of films with small chroma: those for
            all other noise are taken instead (``benchmarks/results/video.md``).
        weights: The same.
        options: Of the `Restorer`. What is ``"auto"`` is decided here: by its nature it depends on memory and load, and a
            film must not change in the middle.

    Raises:
        RestoraError: As `restorer_for`; or nothing is found that could be restored.
    """
    notes: tuple[str, ...] = ()
    if task == INDEPENDENT_NOISE and weights is None and clip.layout.shrink != (1, 1):
        task = REMEDIES["noise"]
        notes = (
            f"its colours are stored smaller than its brightness, so its noise is not independent: --task {task} sees it and is"
            f" taken; --weights {weights_for_task(INDEPENDENT_NOISE)} insists",
        )
    if options.get("threads", "auto") == "auto" and not options.get("reproducible"):
        # Not what is free just now: a film takes long, and sums of different numbers of threads differ in the last bits.
        options = {**options, "threads": available_cores()}
    chosen = restorer_for(task, weights, **options)
    if isinstance(chosen, Restorer):
        restorers: tuple[Restorer, ...] = (chosen,)
        names = [str(weights) if weights is not None else str(chosen.weights)]
    else:
        choices = [chosen.choose(frame) for frame in frames]
        tasks, votes = Counter(choice.tasks for choice in choices).most_common(1)[0]
        choice = next(choice for choice in choices if choice.tasks == tasks)
        if not tasks:
            raise RestoraError(
                f"{clip.path}: nothing was found in {votes} of {len(frames)} frames that could be restored; name a --task"
            )
        restorers, names = choice.restorers, [str(restorer.weights) for restorer in choice.restorers]
        first, *missing = choice.notes
        notes += (f"{votes} of {len(frames)} frames: {first}, all of it", *missing)
    fixed = []
    for restorer in restorers:
        restorer(frames[0])
        decided = (
            {} if restorer.reproducible else {name: restorer.used[name] for name in _LEFT_TO_THE_MACHINE}
        )
        fixed.append({**options, **decided})
    return Treatment(tuple(names), tuple(fixed), notes)


def fingerprint(weights: str | Path | None) -> str | None:
    """Return what tells weights from others of the same name: of a file, its checksum."""
    try:
        return sha256_of(Path(weights or ""))
    except OSError:  # it is a name
        return None if weights is None else str(weights)
