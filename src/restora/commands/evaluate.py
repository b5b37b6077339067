"""``restora evaluate``: a method over a benchmark, beside the published numbers."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from restora.datasets import Pairs
from restora.datasets import benchmark as card_of
from restora.errors import RestoraError
from restora.evaluation.cases import SUITES, cases_of, sigma_of, usual_protocol
from restora.evaluation.leaderboard import (
    MEASURED,
    Row,
    leaderboard,
    printed,
    published_row,
    suite_means,
    title,
)
from restora.evaluation.methods import Method, baseline_method, images_method, weights_method
from restora.evaluation.published import published_for
from restora.evaluation.record import Evaluation, write_csv, write_json
from restora.evaluation.report import write_report
from restora.evaluation.run import Run
from restora.evaluation.run import evaluate as run_case
from restora.images import read
from restora.metrics import protocol as protocol_of
from restora.pixels import to_float

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
        str | None, typer.Option(help="Restore with weights: a name of 'restora weights', or a file.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(metavar="input|bm3d|nlmeans|dark-channel|wiener|median", help="A classical method."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Score the pictures in this folder, matched by name.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the method of --images; that of the folder when left out.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="One of 'restora protocols'; that of most papers when left out.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="train, val, test ...; the usual one if left out.")
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="Such as blur_gamma; the usual one if left out.")
    ] = None,
    sigma: Annotated[
        list[float] | None,
        typer.Option(help="Strength of synthetic noise, of 255; repeat it for several. [15, 25 and 50]"),
    ] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="Classical methods estimate the noise, rather than being told.")
    ] = False,
    tile: Annotated[
        str, typer.Option(metavar="auto|none|PIXELS", help="Side of the tiles.", show_default=True)
    ] = "none",
    ensemble: Annotated[bool, typer.Option("--ensemble", help="Average over flips and turns.")] = False,
    local_statistics: Annotated[
        int | None,
        typer.Option(metavar="PIXELS", min=8, help="Pool over windows, for training crops of this side."),
    ] = None,
    precision: Annotated[
        str, typer.Option(help="auto, float32, bfloat16 or float16.", show_default=True)
    ] = "float32",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps ...", show_default=True)] = "auto",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many pairs.")] = None,
    keep_images: Annotated[
        bool, typer.Option("--keep-images/--scores-only", help="Keep the restored images as PNG.")
    ] = True,
    again: Annotated[bool, typer.Option("--again", help="Begin anew, whatever is there.")] = False,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Folder for JSON, CSV, report and images.", show_default=True),
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
            tile=_tile(tile),
            ensemble=ensemble,
            local_statistics=local_statistics,
            precision=precision,
            device=device,
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
        with _Bar(f"{case.stem} {used.name}", told) as bar:
            result = run_case(case, pairs, used, rule, run, limit=limit, progress=bar.show)
        found.append(result)
        _print_leaderboard(result, out)
        target = output / (stem if result.images and limit is None else f"{stem}-first-{len(result.images)}")
        for path in _write(result, target, pairs, used, run):
            print(path, flush=True)
    if benchmark in SUITES and len(found) == len(SUITES[benchmark].cases):
        _print_suite(benchmark, found, out)


class _Bar:
    """Images done and time left, on a terminal."""

    def __init__(self, words: str, console: Console) -> None:

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[name]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._task = self._bar.add_task(words, total=None, name="")

    def __enter__(self) -> "_Bar":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def show(self, done: int, total: int, name: str) -> None:
        self._bar.update(self._task, completed=done, total=total, name=name)


def _tile(value: str) -> int | Literal["auto"] | None:
    if value == "none":
        return None
    if value == "auto":
        return "auto"
    try:
        return int(value)
    except ValueError:
        raise typer.BadParameter(f"{value!r} is no number of pixels", param_hint="--tile") from None


def _print_leaderboard(result: Evaluation, out: Console) -> None:

    heading = f"{result.label}: {len(result.images)} images, protocol {result.protocol}"
    rows = leaderboard([result], published_for(result.benchmark, result.split, result.variant))
    _print_rows(heading, result.metrics, rows, out)


def _print_suite(name: str, found: list[Evaluation], out: Console) -> None:

    means = {metric: printed(metric, value) for metric, value in suite_means(name, found).items()}
    variant = found[0].variant if name == "dpdd" else ""
    rows = [Row(title(found[0]), means, MEASURED)]
    rows += [published_row(one, found[0].protocol) for one in published_for(name, "test", variant)]
    rows.sort(key=lambda row: float(row.scores["psnr"]))
    _print_rows(f"{SUITES[name].title}, protocol {found[0].protocol}", found[0].metrics, tuple(rows), out)


def _print_rows(heading: str, metrics: tuple[str, ...], rows: tuple[Row, ...], out: Console) -> None:

    table = Table(title=heading, title_justify="left")
    table.add_column("method")
    for metric in metrics:
        table.add_column(metric.upper(), justify="right")
    table.add_column("source")
    table.add_column("note")
    for row in rows:
        scores = [row.scores.get(metric, "") for metric in metrics]
        notes = escape("; ".join(row.notes))
        style = "bold" if row.measured else None
        table.add_row(escape(row.method), *scores, escape(row.source), notes, style=style)
    out.print(table)


def _write(result: Evaluation, target: Path, pairs: Pairs, used: Method, run: Run) -> list[Path]:
    """Write JSON, CSV and the report."""

    def beside(suffix: str) -> Path:
        return target.with_name(target.name + suffix)

    written = [write_json(beside(".json"), result), write_csv(beside(".csv"), result)]
    return [*written, _report(result, beside(".html"), pairs, used, run)]


def _report(result: Evaluation, path: Path, pairs: Pairs, used: Method, run: Run) -> Path:
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
