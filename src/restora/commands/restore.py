"""``restora restore``: bad photographs in, better ones out."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console

from restora.atomic import make_folder
from restora.commands.lines import print_line, tell
from restora.commands.options import (
    Device,
    Engine,
    Inputs,
    LineAsJson,
    MaxPixels,
    Overlap,
    Precision,
    Reproducible,
    SelfEnsemble,
    Strength,
    Task,
    Threads,
    Tile,
    Weights,
    pixels_or_auto,
)
from restora.commands.progress import FilesProgress
from restora.restoration import Result, gather, plan_jobs, restorer_for, run_jobs
from restora.restoration.jobs import MAX_PIXELS

EPILOG = """
Examples:

  restora restore photo.jpg                       [dim]finds out what is wrong, writes photo-restored.jpg[/dim]

  restora restore view.jpg --task dehaze          [dim]every task: restora weights[/dim]

  restora restore photo.jpg -o clean.png --compare

  restora restore holiday/ -o clean/ --recursive  [dim]mirrors the tree; repeat it to go on[/dim]

  restora restore 'scans/*.tif' --ensemble --tile 512

  restora restore photo.jpg --weights runs/mine/mine.safetensors

Exit code: 0 when all is done, 1 when files failed, 2 for wrong usage.
"""


def restore(
    inputs: Inputs,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="A file for one photograph, or a folder. Without it: beside each photograph.",
        ),
    ] = None,
    task: Task = None,
    weights: Weights = None,
    strength: Strength = 1.0,
    tile: Tile = "auto",
    overlap: Overlap = "auto",
    ensemble: SelfEnsemble = False,
    device: Device = "auto",
    precision: Precision = "auto",
    engine: Engine = "auto",
    threads: Threads = "auto",
    reproducible: Reproducible = False,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Also restore what is in the folders below.")
    ] = False,
    suffix: Annotated[
        str | None,
        typer.Option(
            help="Put behind the name. [-restored beside the photograph, nothing in an output folder]"
        ),
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option("--format", help="png, jpg, tif, webp, bmp, avif or heic; else that of the photograph."),
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Of JPEG and WebP; else that of the photograph.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Restore again what is there already.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also write a picture of before and after, with enlarged crops.")
    ] = False,
    as_json: LineAsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
) -> None:
    """Restore photographs; depth, profile, transparency and metadata stay as they are."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    images, results = gather(inputs, recursive=recursive)
    for result in results:
        _tell(result, console, as_json)
    jobs = plan_jobs(images, output, suffix=suffix, file_format=file_format)
    begin = perf_counter()
    if output is not None and len(jobs) > 1:
        make_folder(output)  # one refusal for all
    if jobs:
        restorer = restorer_for(
            task,
            weights,
            strength=strength,
            tile=None if tile == "none" else pixels_or_auto("--tile", tile),
            overlap=pixels_or_auto("--overlap", overlap),
            ensemble=ensemble,
            precision=precision,
            device=device,
            engine=engine,
            threads=pixels_or_auto("--threads", threads, "threads"),
            reproducible=reproducible,
        )
        with FilesProgress(jobs, console) as progress, saying_how_to_go_on(console):
            for result in run_jobs(
                jobs,
                restorer,
                quality=quality,
                overwrite=overwrite,
                compare=compare,
                max_pixels=max_pixels,
                progress=progress.report if console.is_terminal else None,
            ):
                results.append(result)
                progress.finish(result)
                _tell(result, console, as_json)
    _sum_up(results, perf_counter() - begin, console)
    if any(result.status == "failed" for result in results):
        raise typer.Exit(1)


@contextmanager
def saying_how_to_go_on(console: Console) -> Iterator[None]:
    """End at Ctrl-C with a line and the exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        words = "stopped; what is written stays, the same command (without --overwrite) goes on with the rest"
        tell(console, f"restora: {words}")
        raise typer.Exit(130) from None


def _tell(result: Result, console: Console, as_json: bool) -> None:
    """Say what became of a file: its result on the standard output, everything else beside it."""
    if as_json:
        print(json.dumps(asdict(result), default=str), flush=True)
        return
    if result.error is not None:
        tell(console, f"restora: {result.error}")
    for note in result.notes:
        tell(console, f"{result.source}: {note}")
    if result.status == "skipped":
        tell(console, f"{result.target}: is there already, skipped; --overwrite restores it again")
    for path in (result.target, result.comparison):
        if path is not None:
            print_line(path)


def _sum_up(results: list[Result], seconds: float, console: Console) -> None:
    counts = Counter(result.status for result in results)
    if len(results) > 1 and (console.is_terminal or counts["failed"]):
        done = [result for result in results if result.status in ("restored", "copied")]
        megapixels = sum(result.megapixels for result in done)
        speed = f"; {megapixels:.1f} MP in {seconds:.0f} s, {megapixels / seconds:.2f} MP/s" if done else ""
        words = ", ".join(
            f"{counts[status]} {status}"
            for status in ("restored", "copied", "skipped", "failed")
            if counts[status]
        )
        console.print(f"{words}{speed}")
