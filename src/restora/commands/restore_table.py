"""``restora restore-table``: a table with a column of bad photographs in, one with better ones out."""

from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from restora.commands.lines import print_line, tell, tell_failure
from restora.commands.on_ray import checked_options
from restora.commands.options import (
    Address,
    Device,
    Engine,
    GpusPerWorker,
    MaxPixels,
    Precision,
    Reproducible,
    Strength,
    Task,
    Threads,
    Weights,
    pixels_or_auto,
)
from restora.commands.restore import saying_how_to_go_on
from restora.errors import RestoraError
from restora.restoration.jobs import MAX_PIXELS

EPILOG = """
Examples:

  restora restore-table photos.parquet restored.parquet --column image --task denoise

  restora restore-table s3://bucket/photos s3://bucket/restored --column url --on ray --address auto

OUTPUT is a folder of Parquet files, a table for whatever reads Parquet; a run that was stopped goes on when it is repeated.

Exit code: 0 when all is done, 1 when pictures failed, 2 for wrong usage, 130 after Ctrl-C.
"""


def restore_table(
    source: Annotated[str, typer.Argument(metavar="INPUT", help="A Parquet file, or a folder of them.")],
    target: Annotated[str, typer.Argument(metavar="OUTPUT", help="A folder for the parts of the new table.")],
    column: Annotated[str, typer.Option(help="Holds files as bytes, or their paths or URLs.")],
    result: Annotated[
        str, typer.Option(help="Column of the restored files; others, named after it, tell about them.")
    ] = "restored",
    file_format: Annotated[
        str | None, typer.Option("--format", help="png, jpg, ... of the results; else that of each picture.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Of JPEG and WebP; else that of the picture.")
    ] = None,
    task: Task = None,
    weights: Weights = None,
    strength: Strength = 1.0,
    device: Device = "auto",
    precision: Precision = "auto",
    engine: Engine = "auto",
    threads: Threads = "auto",
    reproducible: Reproducible = False,
    max_pixels: MaxPixels = MAX_PIXELS,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Restore again what is there already.")
    ] = False,
    on: Annotated[Literal["local", "ray"], typer.Option(help="This machine, or a cluster of Ray.")] = "local",
    address: Address = None,
    workers: Annotated[int | None, typer.Option(min=1, max=100_000, help="How many restore, on Ray.")] = None,
    gpus_per_worker: GpusPerWorker = None,
) -> None:
    """Restore a column of photographs in a table of Parquet; what became of each stands in columns beside the result."""
    from restora.scale.cluster import connect, pool_for, ray_data

    try:
        from restora.scale.table import plan_parts, restore_parts
    except ImportError as error:
        raise RestoraError(f"tables need pyarrow ({error}); pip install 'restora[ray]'") from error
    if on == "local" and (address is not None or workers is not None or gpus_per_worker is not None):
        raise RestoraError("--address, --workers and --gpus-per-worker are for --on ray; add it")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    restoring: dict[str, Any] = {
        "task": task,
        "weights": weights,
        "strength": strength,
        "device": device,
        "precision": precision,
        "engine": engine,
        "threads": pixels_or_auto("--threads", threads, "threads"),
        "reproducible": reproducible,
        "max_pixels": max_pixels,
        "quality": quality,
        "file_format": file_format,
        "column": column,
        "output": result,
        "overwrite": overwrite,
    }
    if on == "ray":
        ray_data()
    checked_options(restoring, here=on == "local")
    parts = plan_parts(source, target, column)
    pool, failed = None, False
    if on == "ray":
        connect(address)
        pool = pool_for({"workers": workers, "gpus": gpus_per_worker}, restoring)
    with saying_how_to_go_on(console):
        for line in restore_parts(parts, pool, **restoring):
            if line["error"] is not None:
                tell_failure(console, line["error"])
            elif line["failed"]:
                tell(
                    console,
                    f"{line['target']}: {line['failed']} of {line['failed'] + line['restored']} failed",
                )
            if line["error"] is None:
                print_line(line["target"])
            failed = failed or bool(line["error"] or line["failed"])
    if failed:
        raise typer.Exit(1)
