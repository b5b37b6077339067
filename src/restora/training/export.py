"""The end of a run: its averaged weights with a card, ready for `load_model`."""

import json
import subprocess
from dataclasses import asdict
from datetime import date
from itertools import pairwise
from pathlib import Path

from restora.checkpoints import WeightsCard, save_weights
from restora.checkpoints.trial import try_on_picture
from restora.json_lines import read_lines
from restora.training.loop import Trainer
from restora.training.recipe import Recipe
from restora.training.sections import BenchmarkData, PairsData, PhotosData


def export_weights(trainer: Trainer, precision: str = "float16") -> Path:
    """Write the run's averaged weights and their card into its folder.

    Args:
        trainer: After training.
        precision: Type of the stored values.

    Returns:
        The path of the weights.

    Raises:
        RestoraError: What they restore is not finite.
    """
    recipe, network = trainer.recipe, trainer.averaged_network()
    try_on_picture(network, str(trainer.folder))
    card = WeightsCard(
        name=recipe.name,
        task=recipe.task,
        architecture=recipe.model.architecture,
        variant=recipe.model.variant,
        config=json.loads(json.dumps(asdict(network.config))),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        precision=precision,
        licence="Apache-2.0",
        description=f"trained by the recipe {recipe.name}; not yet measured",
        recipe=recipe.name,
        steps=trainer.step,
        images_seen=crops_seen(recipe, trainer.step),
        seconds=round(seconds_trained(trainer.folder), 1),
        data=data_in_words(recipe.data),
        commit=commit(),
        date=date.today().isoformat(),
        sha256="",
    )
    return save_weights(trainer.folder, network.state_dict(), card)


def data_in_words(data: PhotosData | PairsData | BenchmarkData) -> str:
    """Say what was trained on, without the paths of a machine."""
    match data:
        case PhotosData():
            return Path(data.photos).name if data.photos else "unknown"
        case PairsData():
            place = data.pack or data.degraded
            return Path(place).name if place else "unknown"
        case BenchmarkData():
            return f"{data.benchmark}, {data.split}"


def crops_seen(recipe: Recipe, steps: int) -> int:
    """Return how many crops the first ``steps`` steps of a recipe take."""
    seen = 0
    for stage in recipe.stages:
        done = min(steps, stage.steps)
        seen, steps = seen + done * stage.batch, steps - done
    return seen


def seconds_trained(folder: Path) -> float:
    """Add up the time of the steps in a run's log, pieces that were resumed included."""
    reports = read_lines(folder / "log.jsonl")
    last: dict[int, float] = {report["step"]: report["seconds_per_step"] for report in reports}
    steps = [0, *sorted(last)]
    return sum((after - before) * last[after] for before, after in pairwise(steps))


def commit() -> str:
    """Return the commit of the checkout that restora runs from, or "unknown" for an installed package."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
