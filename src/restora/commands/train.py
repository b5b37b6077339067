"""``restora train``: a recipe and a folder of photographs in, or two folders of pairs; weights out."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from restora.checkpoints import load_model
from restora.commands.progress import counting_bar
from restora.errors import RestoraError, printable
from restora.training import Recipe, Report, Trainer, load_recipe
from restora.training.export import export_weights
from restora.training.own_pairs import NETWORK, write_pairs_recipe
from restora.training.processes import restarted, restarts_allowed
from restora.training.rate_finding import best_attempt, find_rate

EPILOG = """
Examples:

  restora train recipes/photos/denoise-laptop.yaml --set data.photos=my-photos

  restora train --pairs noisy/ clean/ --network kit/tiny   [dim]own pairs, of the same names; writes their recipe and shows it[/dim]

  restora train my-recipe.yaml --set stages.0.steps=2000 --run runs/quick

  restora train recipes/photos/denoise-laptop.yaml --set data.photos=my-photos --resume

  restora train my-recipe.yaml --find-rate
"""


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(
            help="A YAML file, or the name of a recipe that comes with restora.", show_default=False
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change the recipe, such as optimizer.learning_rate=5e-4."
        ),
    ] = None,
    pairs: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="DEGRADED CLEAN",
            help="Instead of a recipe: two folders of pairs, matched by name; a recipe for them is written into the run.",
        ),
    ] = None,
    network: Annotated[
        str | None, typer.Option(help=f"Of --pairs, one of 'restora models'; {NETWORK} when left out.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the run; runs/NAME when left out.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    init: Annotated[str | None, typer.Option(help="Weights to start from, instead of fresh ones.")] = None,
    rates: Annotated[
        bool,
        typer.Option(
            "--find-rate", help="Try learning rates in short runs, print what each came to, and stop."
        ),
    ] = False,
) -> None:
    """Train a network on clean photographs; Ctrl-C saves, --resume goes on."""
    if (recipe is None) == (pairs is None) or (network is not None and pairs is None):
        raise RestoraError(
            "name a recipe, or the two folders of --pairs and, if you like, the --network for them"
        )
    if pairs is not None:
        file = write_pairs_recipe(*pairs, network or NETWORK, settings=settings or (), folder=run)
        print(f"{printable(file)}:\n{file.read_text(encoding='utf-8')}", file=sys.stderr)
        recipe, settings, run = str(file), None, run or file.parent  # the settings are in it
    assert recipe is not None
    loaded = load_recipe(recipe, settings)
    if rates:
        _find_rate(loaded, init)
        return
    folder = run or Path("runs") / loaded.name
    there = (folder / "last.pt").exists()
    if restarts_allowed() and (resume or restarted()):
        resume = there  # a process may die before anything is saved
    elif there and not resume:
        raise RestoraError(
            f"{folder}: a run is there already; add --resume to go on, or --run for another folder"
        )
    console = Console(stderr=True)
    if console.is_terminal:  # where the bar tells it
        logging.getLogger("restora.training.loop").setLevel(logging.WARNING)
    first = os.environ.get("RANK", "0") == "0"  # of many processes
    with counting_bar(console, shown=first) as progress:
        bar = progress.add_task(loaded.name, total=loaded.steps, facts="")

        def report(facts: Report) -> None:
            progress.update(bar, completed=facts.step, facts=trainer.words(facts))

        def show(step: int, words: str) -> None:
            """Also in the handler of a signal: nothing is printed, what somebody else prints may be half done."""
            if not first:
                return
            if console.is_terminal:
                progress.update(bar, completed=step)
                if words:
                    progress.update(bar, facts=words)
            elif words:
                os.write(2, f"{words}\n".encode())

        trainer = Trainer(loaded, folder, report=report, progress=show)
        if resume:
            trainer.resume()
        elif init:
            trainer.initialise(load_model(init).state_dict())
        finished = trainer.run()
    if trainer.accelerator.is_main_process:
        console.print(
            f"trained {trainer.step} steps"
            if finished
            else f"stopped and saved after {trainer.step} of"
            f" {loaded.steps} steps; the same command with --resume goes on"
        )
        print(export_weights(trainer))


def _find_rate(recipe: Recipe, init: str | None) -> None:
    """Print the loss of each learning rate, then the setting that was best."""
    attempts = find_rate(
        recipe,
        init=None if init is None else load_model(init).state_dict(),
        report=lambda attempt: print(
            f"learning rate {attempt.learning_rate:.2e}: loss {attempt.loss:.4f}", flush=True
        ),
    )
    print(
        f"best of these short runs: --set optimizer.learning_rate={best_attempt(attempts).learning_rate:.2e}"
    )
