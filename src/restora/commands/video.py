"""``restora video``: a bad film in, a better one out."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from restora.commands.lines import print_line, tell
from restora.commands.options import (
    AsJson,
    Device,
    Engine,
    Overlap,
    Overwrite,
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
from restora.commands.progress import counting_bar
from restora.progress import ProgressMeter
from restora.restoration.tiling import tile_named

EPILOG = """
Examples:

  restora video film.mp4                                 [dim]finds out what is wrong, writes film-restored.mp4[/dim]

  restora video film.mp4 -o clean.mp4 --task denoise --temporal --preview 10s

  restora video tape.avi -o clean.mkv --deinterlace --codec hevc --crf 18

  restora video film.mov -o part.mov --start 1:30 --end 2:00

A run that was stopped goes on when it is called again with the same options.

Exit code: 0 when it is done, 2 for wrong usage and films that cannot be restored, 130 for Ctrl-C.
"""


def video(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A film.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="A file: .mp4, .m4v, .mov, .mkv or .webm. Without it: beside the film, as NAME-restored.",
        ),
    ] = None,
    task: Task = None,
    weights: Weights = None,
    start: Annotated[str | None, typer.Option(help="First second that is wanted, or MM:SS.")] = None,
    end: Annotated[
        str | None, typer.Option(help="Second from which nothing more is wanted, or MM:SS.")
    ] = None,
    preview: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only that much from the start on, such as 10s.")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(help="h264, hevc, vp9, av1, ffv1 (without loss) or prores; else that of the film."),
    ] = None,
    crf: Annotated[
        int | None, typer.Option(help="Quality: 0 the best, larger numbers make smaller files.")
    ] = None,
    deinterlace: Annotated[
        bool, typer.Option("--deinterlace", help="Take the fields of an interlaced film apart.")
    ] = False,
    temporal: Annotated[
        bool,
        typer.Option("--temporal", help="Fuse frames along the motion, against noise that flickers."),
    ] = False,
    strength: Strength = 1.0,
    tile: Tile = "auto",
    overlap: Overlap = "auto",
    ensemble: SelfEnsemble = False,
    device: Device = "auto",
    precision: Precision = "auto",
    engine: Engine = "auto",
    threads: Threads = "auto",
    reproducible: Reproducible = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Restore a film; sound, subtitles, times, colours and depth stay as they are."""
    from restora.video import restore_video  # PyAV is an extra

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _shown(source, console) as report:
        result = restore_video(
            source,
            output,
            task=task,
            weights=weights,
            start=start,
            end=end,
            preview=preview,
            codec=codec,
            crf=crf,
            deinterlace=deinterlace,
            temporal=temporal,
            overwrite=overwrite,
            progress=report,
            notify=lambda words: tell(console, f"{source}: {words}"),
            strength=strength,
            tile=tile_named(tile),
            overlap=pixels_or_auto("--overlap", overlap),
            ensemble=ensemble,
            precision=precision,
            device=device,
            engine=engine,
            threads=pixels_or_auto("--threads", threads, "threads"),
            reproducible=reproducible,
        )
    if as_json:
        print(json.dumps(asdict(result), default=str))
        return
    if console.is_terminal:
        ours = result.frames - result.resumed
        tell(
            console,
            f"{result.frames} frames; {ours} of them in {result.seconds:.0f} s, {ours / result.seconds:.2f} frames/s",
        )
    print_line(result.target)


@contextmanager
def _shown(source: Path, console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show frames, frames a second and time left; say at Ctrl-C how to go on, and end with exit code 130."""
    meter = ProgressMeter(1)
    with counting_bar(console) as bar:
        line = bar.add_task("looking at it", total=None, facts="")

        def report(done: int, frames: int) -> None:
            meter.total = frames
            rate = meter.report(min(1.0, done / frames)).rate
            facts = "" if rate is None else f"{rate:.2f} frames/s"
            bar.update(line, description="restoring", completed=done, total=frames, facts=facts)

        try:
            yield report
        except KeyboardInterrupt:
            bar.stop()
            tell(
                console,
                f"restora: {source}: stopped; finished segments are kept, the same command goes on with the rest",
            )
            raise typer.Exit(130) from None
