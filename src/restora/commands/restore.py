"""``restora restore``: bad photographs in, better ones out."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from restora.atomic import make_folder
from restora.commands.inputs import STREAM, Arrivals, listed_names
from restora.commands.lines import print_line, tell, tell_outcome
from restora.commands.options import (
    Address,
    Device,
    Engine,
    GpusPerWorker,
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
    shared_threads,
)
from restora.commands.progress import FilesProgress
from restora.commands.stream import restore_stream
from restora.errors import RestoraError
from restora.images import ImageFile, find_images
from restora.restoration import Job, Result, gather, plan_jobs, restorer_for, run_jobs
from restora.restoration.jobs import MAX_PIXELS
from restora.restoration.tiling import tile_named
from restora.urls import is_url

if TYPE_CHECKING:
    from restora.restoration import Restorer
    from restora.restoration.automatic import AutoRestorer

EPILOG = """
Examples:

  restora restore photo.jpg                       [dim]finds out what is wrong, writes photo-restored.jpg[/dim]

  restora restore view.jpg --task dehaze          [dim]every task: restora weights[/dim]

  restora restore photo.jpg -o clean.png --compare --show

  restora restore holiday/ -o clean/ --recursive  [dim]mirrors the tree; repeat it to go on[/dim]

  restora restore icons/ --workers 2              [dim]many small ones, two at a time[/dim]

  restora restore s3://bucket/in -o s3://bucket/out --on ray --address auto

  restora restore inbox/ -o clean/ --watch        [dim]and what arrives there, until Ctrl-C[/dim]

  restora restore 'scans/*.tif' --ensemble --tile 512

  find . -name '*.jpg' -print0 | restora restore -0 --files-from - -o clean/

  restora restore - --task denoise < noisy.png > clean.png

  restora restore photo.jpg --weights runs/mine/mine.safetensors

Exit code: 0 when all is done, 1 when files failed, 2 for wrong usage, 130 after Ctrl-C.
"""

MOST_WORKERS = 64
POLL = 0.5
"""Seconds between two looks at a watched folder."""


def restore(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="Files, folders and patterns, or - for a photograph on the standard input; with --on ray also URLs.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="A file for one photograph, a folder, or - for the standard output. Without it: beside each photograph.",
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
        typer.Option(
            "--format",
            help="png, jpg, tif, webp, gif, bmp, avif, heic, jxl or jp2; else that of the photograph.",
        ),
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
    show: Annotated[
        bool,
        typer.Option(
            "--show",
            help="Show before and after in the terminal: in pixels (kitty, sixels) or else in coloured blocks.",
        ),
    ] = False,
    open_result: Annotated[
        bool,
        typer.Option("--open", help="Open the result, or the folder of several, with the system's program."),
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on with what arrives in the folders, whole, until Ctrl-C.")
    ] = False,
    files_from: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A list of further inputs, one a line; - for the standard input."),
    ] = None,
    null: Annotated[
        bool,
        typer.Option("-0", "--null", help="Names in the list end in a zero byte, as find -print0 has them."),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=100_000, help="Photographs worked on at once, for many small ones; on Ray, of workers."
        ),
    ] = None,
    on: Annotated[
        Literal["local", "ray"], typer.Option(help="This machine, or a cluster of Ray, with a manifest.")
    ] = "local",
    address: Address = None,
    gpus_per_worker: GpusPerWorker = None,
    manifest: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="A line for each photograph, with --on ray. [restora-manifest in the output folder]",
        ),
    ] = None,
    as_json: LineAsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
) -> None:
    """Restore photographs; depth, profile, transparency and metadata stay as they are."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    names = [*(inputs or [])]
    if null or files_from is not None:
        names += listed_names(files_from or STREAM, null=null)
    elif not names:
        raise RestoraError("INPUT is missing; name photographs, folders or patterns")

    def options() -> dict[str, Any]:
        return {
            "task": task,
            "weights": weights,
            "strength": strength,
            "tile": tile_named(tile),
            "overlap": pixels_or_auto("--overlap", overlap),
            "ensemble": ensemble,
            "precision": precision,
            "device": device,
            "engine": engine,
            "threads": pixels_or_auto("--threads", threads, "threads"),
            "reproducible": reproducible,
        }

    if on == "ray":
        if watch or compare or show or open_result or str(STREAM) in (*names, output):
            raise RestoraError("--on ray writes pictures and a manifest; leave out -, and --watch to --open")
        from restora.commands.on_ray import restore_on_ray

        with saying_how_to_go_on(console):
            restore_on_ray(
                names,
                output,
                manifest,
                console,
                naming={"recursive": recursive, "suffix": suffix, "file_format": file_format},
                restoring={**options(), "quality": quality, "max_pixels": max_pixels},
                cluster={"address": address, "workers": workers, "gpus": gpus_per_worker},
                overwrite=overwrite,
                as_json=as_json,
            )
        return
    if address is not None or gpus_per_worker is not None or manifest is not None:
        raise RestoraError("--address, --gpus-per-worker and --manifest are for --on ray; add it")
    for name in (*names, output or ""):
        if is_url(name):
            raise RestoraError(f"{name}: is not on this machine; --on ray reads and writes it")
    if workers is not None and workers > MOST_WORKERS:
        raise RestoraError(f"--workers is at most {MOST_WORKERS} on this machine, got {workers}")
    given, place = [*map(Path, names)], None if output is None else Path(output)

    def load() -> "Restorer | AutoRestorer":
        settings = options()
        return restorer_for(**{**settings, "threads": shared_threads(settings["threads"], workers or 1)})

    if STREAM in given or place == STREAM:
        if len(given) > 1 or watch or compare:
            raise RestoraError("- is one photograph alone; restore others, watch and compare without it")
        restore_stream(
            given[0], place, load(), console, file_format, quality, max_pixels, overwrite=overwrite
        )
        return
    results: list[Result] = []

    def run(jobs: list[Job], restorer: "Restorer | AutoRestorer") -> None:
        with FilesProgress(jobs, console) as progress:
            for result in run_jobs(
                jobs,
                restorer,
                quality=quality,
                overwrite=overwrite,
                compare=compare,
                max_pixels=max_pixels,
                progress=progress.report if console.is_terminal else None,
                workers=workers or 1,
            ):
                results.append(result)
                progress.finish(result)
                _tell(result, console, as_json)
                if show and result.status == "restored" and result.target is not None:
                    from restora.commands.terminal_picture import show_comparison

                    show_comparison(console, result.source, result.target)

    begin = perf_counter()
    if watch:
        plan = partial(plan_jobs, output=place, suffix=suffix, file_format=file_format)
        _watch(given, place, plan, run, load(), console, recursive=recursive)
    else:
        images, results[:] = gather(given, recursive=recursive)
        for result in results:
            _tell(result, console, as_json)
        jobs = plan_jobs(images, place, suffix=suffix, file_format=file_format)
        if place is not None and len(jobs) > 1:
            make_folder(place)  # one refusal for all
        if jobs:
            with saying_how_to_go_on(console):
                run(jobs, load())
    _sum_up(results, perf_counter() - begin, console)
    if open_result:
        _open(results)
    if any(result.status == "failed" for result in results):
        raise typer.Exit(1)


def _watch(
    folders: list[Path],
    output: Path | None,
    plan: Callable[[list[ImageFile]], list[Job]],
    run: "Callable[[list[Job], Restorer | AutoRestorer], None]",
    restorer: "Restorer | AutoRestorer",
    console: Console,
    *,
    recursive: bool,
) -> None:
    """Restore what is in folders, and what arrives there, until Ctrl-C; a file that fails is tried again when it changes."""
    for folder in folders:
        if not folder.is_dir():
            raise RestoraError(f"{folder}: is no folder to watch; name folders, or leave out --watch")
    if output is not None:
        make_folder(output)
    arrivals, written = Arrivals(), set[Path]()
    tell(console, f"watching {', '.join(map(str, folders))}; Ctrl-C ends it")
    try:
        while True:
            images = find_images(folders, recursive=recursive, onerror=lambda path, error: None)
            ready = arrivals.ready(job for job in plan(images) if job.source.resolve() not in written)
            if ready:
                written |= {path.resolve() for job in ready for path in (job.target, job.comparison)}
                run(ready, restorer)
            sleep(POLL)
    except KeyboardInterrupt:
        tell(console, "stopped watching")


def _open(results: list[Result]) -> None:
    """Open the picture that was made, with the comparison if there is one, or the folder of the first of several."""
    made = [path for result in results if (path := result.comparison or result.target) is not None]
    if made:
        typer.launch(str(made[0] if len(made) == 1 else made[0].parent))


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
    tell_outcome(console, result.source, result.target, result.status, result.error, result.notes)
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
