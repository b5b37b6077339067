"""``restora score``: pictures scored by themselves."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from restora.commands.inputs import answers
from restora.commands.lines import print_line
from restora.commands.options import Inputs, LineAsJson, MaxPixels, Recursive
from restora.images import read
from restora.metrics import NO_REFERENCE, no_reference_metric
from restora.restoration.jobs import MAX_PIXELS

EPILOG = """
Examples:

  restora score photo.jpg photo-restored.jpg

  restora score holiday/ --metric niqe --json    [dim]an object a line, for other programs[/dim]

Lower is better. The scores see noise and blur, not what a network has invented: look as well.

Exit code: 0 when all are scored, 1 when files failed, 2 for wrong usage.
"""


def score(
    inputs: Inputs,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metric", help=f"{' or '.join(NO_REFERENCE)}, several times; all if left out."),
    ] = None,
    recursive: Recursive = False,
    as_json: LineAsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
) -> None:
    """Score pictures by themselves, where there is no clean one: how unlike natural photographs they are."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    chosen = {name: no_reference_metric(name) for name in metrics or NO_REFERENCE}

    def scored(path: Path) -> dict[str, float]:
        shown = read(path, max_pixels=max_pixels).shown()
        return {name: metric(shown) for name, metric in chosen.items()}

    for path, scores in answers(inputs, scored, console, recursive=recursive):
        if as_json:
            print(json.dumps({"source": str(path), **scores}), flush=True)
        else:
            words = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
            print_line(f"{path}: {words}")
