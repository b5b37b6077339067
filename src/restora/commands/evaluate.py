"""``restora evaluate``: a method over a benchmark, beside the published numbers."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID
from rich.table import Table

from restora.commands.options import (
    Device,
    Engine,
    Ensemble,
    Reproducible,
    Split,
    Threads,
    Variant,
    names_of_weights,
    pixels_or_auto,
)
from restora.commands.progress import counting_bar
from restora.commands.rows import print_table
from restora.datasets import Pairs
from restora.datasets import benchmark as card_of
from restora.errors import RestoraError
from restora.evaluation.cases import SUITES, cases_of, sigma_of, usual_protocol
from restora.evaluation.leaderboard import Leaderboard, leaderboard, suite_leaderboard
from restora.evaluation.methods import Method, baseline_method, images_method, weights_method
from restora.evaluation.record import Evaluation, write_csv, write_json
from restora.evaluation.report import write_report
from restora.evaluation.run import Run
from restora.evaluation.run import evaluate as run_case
from restora.images import read
from restora.metrics import protocol as protocol_of
from restora.pixels import to_float
from restora.restoration.tiling import tile_named

EPILOG = """
Examples:

  restora evaluate --weights mine.safetensors --benchmark rain100l --root data/Rain100L

  restora evaluate --weights denoise-chair-tiny --benchmark cbsd68 --root data/CBSD68 --sigma 25 --ensemble

  restora evaluate --method nlmeans --benchmark kodak24 --root data/Kodak24

  restora evaluate --images theirs/ --benchmark gopro --root data/GOPRO_Large  [dim]pictures that another program restored[/dim]

  restora evaluate --weights mine.safetensors --benchmark rain13k --root data  [dim]the five test sets and their mean[/dim]

A run that was interrupted goes on when it is repeated. Exit code: 0 when all is scored, 2 when something does not fit.
"""


def evaluate(
    benchmark: Annotated[
        str, typer.Option(help="Name of 'restora benchmarks', or of several: rain13k, sots, realblur, dpdd.")
    ],
    root: Annotated[Path, typer.Option(help="Its folder, or the one above; of several the one above.")],
    weights: Annotated[
        str | None,
        typer.Option(
            help="Restore with weights: a name of 'restora weights', or a file.",
            autocompletion=names_of_weights,
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(metavar="input|bm3d|nlmeans|ffdnet|dark-channel|wiener|median", help="A baseline."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Score the pictures in this folder, matched by name.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the method of --images; that of the folder when left out.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="One of 'restora protocols'; that of most papers when left out.")
    ] = None,
    split: Split = None,
    variant: Variant = None,
    sigma: Annotated[
        list[float] | None,
        typer.Option(help="Strength of synthetic noise, of 255; repeat it for several. [15, 25 and 50]"),
    ] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="Baselines estimate the noise, rather than being told.")
    ] = False,
    tile: Annotated[str, typer.Option(metavar="auto|none|PIXELS", help="Side of the tiles.")] = "none",
    ensemble: Ensemble = False,
    local_statistics: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS", min=8, max=1 << 16, help="Pool over windows, for training crops of this side."
        ),
    ] = None,
    precision: Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")] = "float32",
    device: Device = "auto",
    engine: Engine = "torch",
    threads: Threads = "auto",
    reproducible: Reproducible = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many pairs.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Only one of every so many pairs.")] = 1,
    keep_images: Annotated[
        bool, typer.Option("--keep-images/--scores-only", help="Keep the restored images as PNG.")
    ] = True,
    again: Annotated[bool, typer.Option("--again", help="Begin anew, whatever is there.")] = False,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Folder for JSON, CSV, report and images."),
    ] = Path("evaluations"),
) -> None:
    """Score a method on a benchmark, as papers do, and print the published numbers beside it."""
    if sum(choice is not None for choice in (weights, method, images)) != 1:
        raise RestoraError("name one of --weights, --method and --images")
    chosen = cases_of(benchmark, split=split, variant=variant, sigmas=sigma or ())
    opened = [(case, case.open(root), protocol_of(protocol or usual_protocol(case))) for case in chosen]
    out, told = Console(), Console(stderr=True, highlight=False, soft_wrap=True)
    fixed: Method | None = None
    if weights is not None:
        fixed = weights_method(
            weights,
            tile=tile_named(tile),
            ensemble=ensemble,
            local_statistics=local_statistics,
            precision=precision,
            device=device,
            engine=engine,
            threads=pixels_or_auto("--threads", threads, "threads"),
            reproducible=reproducible,
        )
    elif images is not None:
        fixed = images_method(images, name=name)
    found = []
    for case, pairs, rule in opened:
        for remark in pairs.remarks:
            told.print(f"{pairs.title}: {remark}", markup=False)
        used = fixed
        if used is None:
            assert method is not None
            known = None if blind else sigma_of(case)
            used = baseline_method(method, task=card_of(case.benchmark).task, sigma=known)
        stem = "-".join(
            [case.stem, used.label]
            + (["blind"] if blind and used.kind == "baseline" else [])
            + ([rule.name] if rule.name != usual_protocol(case) else [])
        )
        run = Run(output / stem, keep_images=keep_images and used.kind != "images", again=again)
        with counting_bar(told, transient=True) as bar:
            task = bar.add_task(f"{case.stem} {used.name}", total=None, facts="")
            show = partial(_show, bar, task)
            result = run_case(case, pairs, used, rule, run, limit=limit, every=every, progress=show)
        found.append(result)
        count = f"{len(result.images)} images, protocol {result.protocol}"
        _print(f"{result.label}: {count}", leaderboard([result]), out, caption="; ".join(result.remarks))
        part = (f"-every-{every}" if every > 1 else "") + (f"-first-{len(result.images)}" if limit else "")
        written = [
            write_json(output / f"{stem}{part}.json", result),
            write_csv(output / f"{stem}{part}.csv", result),
            _write_report(output / f"{stem}{part}.html", result, pairs, used, run),
        ]
        print(*written, sep="\n", flush=True)
    if benchmark in SUITES and len(found) == len(SUITES[benchmark].cases):
        board = suite_leaderboard(benchmark, found)
        _print(f"{SUITES[benchmark].title}, protocol {board.protocol}", board, out)


def _show(bar: Progress, task: TaskID, done: int, total: int, name: str) -> None:
    bar.update(task, completed=done, total=total, facts=name)


def _print(heading: str, board: Leaderboard, out: Console, *, caption: str = "") -> None:
    table = Table(
        title=escape(heading), title_justify="left", caption=escape(caption), caption_justify="left"
    )
    table.add_column("method")
    for _, metric in board.columns:
        table.add_column(metric.upper(), justify="right")
    table.add_column("source")
    table.add_column("note")
    for row in board.rows:
        scores = [row.scores.get(column, "") for column in board.columns]
        notes = [row.remark, f"by {row.protocol}" if row.protocol is not None else ""]
        words = [escape(text) for text in (row.source, "; ".join(note for note in notes if note))]
        table.add_row(escape(row.method), *scores, *words, style="bold" if row.measured else None)
    print_table(table, out)


def _write_report(path: Path, result: Evaluation, pairs: Pairs, used: Method, run: Run) -> Path:
    """Write the HTML report, with pictures where they are kept."""
    entries = {entry.name: entry for entry in pairs.entries}

    def pictures(name: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        pair = entries[name].read()
        assert pair.clean is not None
        if used.kind == "images":
            restored = used.restore(entries[name], to_float(pair.degraded))
        else:
            restored = read(run.image(name)).pixels
        return pair.degraded[..., :3], restored, pair.clean  # of two views, the left one

    shown = pictures if run.keep_images or used.kind == "images" else None
    return write_report(result, path, pictures=shown)
