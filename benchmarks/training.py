"""What the training loop costs beside a bare PyTorch step, and what loading, memory and precision do: all within one run.

    python benchmarks/training.py [--photos FOLDER] [--architecture chair] [--variant tiny] [--patch 64] [--batch 8]

A `Trainer` trains the network; whenever it has reported, the same network trains in a bare loop on one batch (network,
loss, gradients, fused AdamW) before the Trainer goes on: so whatever else the machine does falls on both alike. The
first round, in which everything is set up, is not counted. On a GPU, where there is one, clocks are read when it has
finished. Writes benchmarks/results/training.md.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from harness import DEVICE, MIB, command_line, machine, peak_memory, seconds, table, write_results
from PIL import Image
from torch import Generator, Tensor, nn
from torch.utils.data import DataLoader

from restora.datasets import PhotoCrops
from restora.training import Trainer
from restora.training.activation_checkpointing import checkpoint_activations
from restora.training.ema import ExponentialMovingAverage
from restora.training.loop import AllScales, Report
from restora.training.losses import multi_scale_loss
from restora.training.recipe import Recipe

WORKERS = (0, 1, 2)


class BareLoop:
    """What every PyTorch tutorial does: the same network and loss on one batch, and nothing else."""

    def __init__(self, recipe: Recipe, precision: torch.dtype = torch.float32) -> None:
        self.recipe, self.precision = recipe, precision
        trainer = Trainer(recipe, Path("unused"))
        self.network, self.optimizer, self.losses = trainer.network, trainer.optimizer, trainer.losses
        self.module = AllScales(self.network).train()
        batch = next(iter(DataLoader(crops(recipe), recipe.stages[0].batch)))
        self.clean: Tensor = batch.to(DEVICE, memory_format=torch.channels_last)
        assert recipe.degrade is not None
        self.degraded = recipe.degrade(self.clean, Generator(DEVICE).manual_seed(0))

    def step(self) -> None:
        """Take a step."""
        with torch.autocast(
            DEVICE.type, dtype=torch.bfloat16, enabled=self.precision is torch.bfloat16, cache_enabled=True
        ):
            restored = [output.float() for output in self.module(self.degraded)]
        loss = multi_scale_loss(restored, self.clean, self.losses, self.recipe.scale_weights)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.optimizer.zero_grad()


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--photos", type=Path, help="folder of photographs; made up when left out")
    parser.add_argument("--architecture", default="chair")
    parser.add_argument("--variant", default="tiny")
    parser.add_argument("--patch", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--memory-patch", type=int, default=128, help="side of the crops for the peak memory")
    parser.add_argument("--steps", type=int, default=3, help="of the loop and of the bare one in a round")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--bfloat16-rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=0, help="of the loop")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = arguments.photos or made_up_photographs(Path(folder) / "photos")
        recipe = build_recipe(
            photos,
            arguments.architecture,
            arguments.variant,
            patch=arguments.patch,
            batch=arguments.batch,
            steps=arguments.steps * (arguments.rounds + 1),  # the first round is not counted
            workers=arguments.workers,
        )
        times = interleaved(recipe, Path(folder) / "run", arguments)
        pieces = {name: milliseconds(piece) for name, piece in parts_of_the_loop(recipe).items()}
        loading = loading_alone(recipe)
        half = bfloat16_ratio(recipe, arguments.bfloat16_rounds)
        stage = recipe.stages[0].model_copy(update={"patch": arguments.memory_patch})
        large = recipe.model_copy(update={"stages": (stage,)})
        peaks = {name: memory_of_a_step(large, name == "with") for name in ("without", "with")}
    lines = page(arguments, times, pieces, loading, half, peaks)
    write_results("training.md", lines)


def build_recipe(
    photos: Path,
    architecture: str,
    variant: str,
    *,
    patch: int,
    batch: int,
    steps: int = 1,
    workers: int = 0,
    overrides: Mapping[str, int] | None = None,
) -> Recipe:
    """Make a recipe with the loss of the shipped weights; nothing is saved or validated on the way."""
    scales = {"chair": [0.05, 0.1, 1.0], "derestormer": [0.05, 0.1, 1.0]}.get(architecture, [1.0])
    return Recipe.model_validate(
        {
            "name": "benchmark",
            "task": "denoise",
            "model": {"architecture": architecture, "variant": variant, "overrides": overrides or {}},
            "data": {"photos": photos, "workers": workers},
            "degradation": "noise/blind",
            "losses": [{"kind": "psnr"}],
            "scale_weights": scales,
            "stages": [{"steps": steps, "patch": patch, "batch": batch}],
            "precision": "float32",
            "save_every": steps + 1,
            "explosion": 1e9,
        }
    )


def interleaved(recipe: Recipe, folder: Path, arguments: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of a step in every round, of the loop and of the bare one."""
    times: dict[str, list[float]] = {"loop": [], "bare": []}
    bare = BareLoop(recipe)

    def after_a_round(report: Report) -> None:
        times["loop"].append(report.seconds_per_step)
        times["bare"].append(seconds(bare.step, arguments.steps))

    Trainer(recipe, folder, report=after_a_round, report_every=arguments.steps).run()
    return {name: found[1:] for name, found in times.items()}


def bfloat16_ratio(recipe: Recipe, rounds: int) -> float:
    """Time of a bare step under bfloat16 by that of one in float32, the median of rounds of one each."""
    half, full = BareLoop(recipe, torch.bfloat16), BareLoop(recipe)
    seconds(half.step), seconds(full.step)
    return statistics.median(seconds(half.step) / seconds(full.step) for _ in range(rounds))


def parts_of_the_loop(recipe: Recipe) -> dict[str, Callable[[], object]]:
    """What the loop does in a step and the bare one does not, each to be measured alone."""
    bare = BareLoop(recipe)
    bare.step()
    for parameter in bare.network.parameters():
        parameter.grad = torch.randn_like(parameter)
    ema = ExponentialMovingAverage(bare.network, recipe.ema)
    batches = iter(DataLoader(crops(recipe), recipe.stages[0].batch))
    clean, degrade = bare.clean, recipe.degrade
    assert degrade is not None
    return {
        "cutting the crops": lambda: next(batches),
        "degradation": lambda: degrade(clean, Generator(DEVICE).manual_seed(1)),
        "clipping of gradients": lambda: nn.utils.clip_grad_norm_(bare.network.parameters(), 1.0),
        "average of weights": lambda: ema.update(bare.network),
        "error for the report": lambda: (clean - bare.degraded).abs().mean(),
    }


def loading_alone(recipe: Recipe, batches: int = 30, rounds: int = 3) -> dict[int, float]:
    """Crops per second for each number of workers, with nothing else to do for them or for the main process."""
    size = recipe.stages[0].batch
    found: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    for number in range(rounds):
        for workers, speeds in found.items():
            ahead = 1 + 2 * workers  # what workers have ready when the first batch comes
            start_crop = number * size * (batches + ahead)
            sampler = range(start_crop, start_crop + size * (batches + ahead))
            speeds.append(
                _speed(DataLoader(crops(recipe), size, sampler=sampler, num_workers=workers), ahead)
            )
    return {workers: statistics.median(speeds) for workers, speeds in found.items()}


def _speed(loader: Iterable[Any], ahead: int) -> float:
    taken, start = 0, 0.0
    for number, batch in enumerate(loader, start=1):
        if number == ahead:
            start = time.perf_counter()
        elif number > ahead:
            taken += len(batch)
    return taken / (time.perf_counter() - start)


def memory_of_a_step(recipe: Recipe, checkpointed: bool) -> float:
    """MiB that a step takes above the network, its gradients included, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return float(pool.apply(_peak_of_a_step, (recipe.model_dump_json(), checkpointed)))


def _peak_of_a_step(recipe: str, checkpointed: bool) -> float:
    bare = BareLoop(Recipe.model_validate_json(recipe))
    if checkpointed:
        checkpoint_activations(bare.network)
    return peak_memory(bare.step) / MIB


def milliseconds(piece: Callable[[], object], count: int = 15) -> float:
    """Median time of a call."""
    piece()
    return 1000 * statistics.median(seconds(piece) for _ in range(count))


def crops(recipe: Recipe) -> PhotoCrops:
    """Open the photographs of a recipe."""
    return PhotoCrops.from_folder(recipe.data.photos, patch=recipe.stages[0].patch)  # type: ignore[union-attr, arg-type]


def made_up_photographs(folder: Path, count: int = 6) -> Path:
    """Write smooth noise, 900x600, for crops to be cut from."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = random.integers(0, 256, (60, 90, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((900, 600), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


def page(
    arguments: argparse.Namespace,
    times: dict[str, list[float]],
    pieces: dict[str, float],
    loading: dict[int, float],
    half: float,
    peaks: dict[str, float],
) -> list[str]:
    """Lay out the results."""
    loop, bare = statistics.median(times["loop"]), statistics.median(times["bare"])
    ratios = [a / b for a, b in zip(times["loop"], times["bare"], strict=True)]
    low, ratio, high = np.quantile(ratios, (0.25, 0.5, 0.75))
    loaded = [f"{speed:.0f} ({speed * bare / arguments.batch:.1f})" for speed in loading.values()]
    speeds = [
        (what, f"{1 / t:.2f}", f"{arguments.batch / t:.1f}", f"{1000 * t:.1f}")
        for what, t in (("bare PyTorch step", bare), ("restora's loop", loop))
    ]
    costs = pieces | {"together": sum(pieces.values())}
    shares = [(piece, f"{ms:.2f}", f"{ms / bare / 10:.2f} %") for piece, ms in costs.items()]
    return [
        f"{arguments.architecture}/{arguments.variant}, batches of {arguments.batch} crops of"
        f" {arguments.patch}x{arguments.patch}, float32, {arguments.workers} workers; {machine()};"
        f" medians over {arguments.rounds} rounds of {arguments.steps} steps of each, in turn."
        " Written by `benchmarks/training.py`.",
        "",
        *table(("", "steps / s", "images / s", "ms a step"), speeds),
        "",
        f"A step of the loop takes {ratio:.3f} times as long as a bare one of the same round (median; half of the rounds"
        f" lie between {low:.3f} and {high:.3f}). What the loop does besides, each"
        " measured alone:",
        "",
        *table(("", "ms", "share of a bare step"), shares),
        "",
        "Loading alone, crops per second, and how many times as many as the bare step takes:",
        "",
        "| " + " | ".join(f"{n} worker{'s' * (n != 1)}" for n in loading) + " |",
        "|" + "---|" * len(loading),
        "| " + " | ".join(loaded) + " |",
        "",
        f"Peak memory of a step on crops of {arguments.memory_patch}x{arguments.memory_patch}, gradients and the optimiser's"
        f" state included, the network not: {peaks['without']:.0f} MiB; with `checkpoint_activations`"
        f" {peaks['with']:.0f} MiB ({peaks['with'] / peaks['without']:.2f} times as much).",
        "",
        f"bfloat16 (autocast) takes {half:.2f} times as long as float32.",
    ]


if __name__ == "__main__":
    main()
