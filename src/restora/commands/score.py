"""``restora score``: pictures scored by themselves."""

import json
from typing import Annotated

import typer
from rich.console import Console

from restora.commands.lines import print_line, tell
from restora.commands.options import Inputs, LineAsJson, MaxPixels
from restora.failures import failure
from restora.images import read
from restora.metrics import NO_REFERENCE, no_reference_metric
from restora.restoration import gather
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
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Also look into the folders below.")
    ] = False,
    as_json: LineAsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
) -> None:
    """Score pictures by themselves, where there is no clean one: how unlike natural photographs they are."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    chosen = {name: no_reference_metric(name) for name in metrics or NO_REFERENCE}
    images, failed = gather(inputs, recursive=recursive)
    errors = [result.error or "" for result in failed]
    for image in images:
        try:
            shown = read(image.path, max_pixels=max_pixels).shown()
            scores = {name: metric(shown) for name, metric in chosen.items()}
        except Exception as error:  # whatever it is, the other files are to be scored
            errors.append(failure(error, image.path))
            continue
        if as_json:
            print(json.dumps({"source": str(image.path), **scores}), flush=True)
        else:
            words = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
            print_line(f"{image.path}: {words}")
    for words in errors:
        tell(console, f"restora: {words}")
    if errors:
        raise typer.Exit(1)
