"""``restora benchmarks``: the data sets that restora knows, and whether a copy of one is complete."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from restora.commands.lines import print_line
from restora.commands.options import AsJson, Split, Variant
from restora.commands.rows import print_table
from restora.datasets import BENCHMARKS, Benchmark, benchmark
from restora.datasets.download import download as fetch
from restora.datasets.examination import MANY, Examination, examine

EPILOG = """
Examples:

  restora benchmarks                                     [dim]lists them[/dim]

  restora benchmarks show dpdd                           [dim]layouts, protocols, licence, pitfalls[/dim]

  restora benchmarks download kodak24 data               [dim]from its authors' host, or names the page to visit[/dim]

  restora benchmarks check rain100l data/Rain100L

  restora benchmarks check gopro data/GOPRO_Large --split train --variant blur_gamma

Exit code: 0 when the copy is sound, 1 when files are missing or do not fit, 2 for wrong usage.
"""

benchmarks = typer.Typer(
    help="List the benchmarks that restora reads, show the card of one, fetch it, check a copy of it.",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

COLUMNS = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="Name of the benchmark, such as rain100l.",
        autocompletion=lambda: list(BENCHMARKS),
    ),
]


@benchmarks.callback(invoke_without_command=True, epilog=EPILOG)
def list_benchmarks(context: typer.Context, as_json: AsJson = False) -> None:
    """List the benchmarks that restora reads, show the card of one, fetch it, check a copy of it."""
    if context.invoked_subcommand is not None:
        return

    if as_json:
        print(json.dumps([_card(card) for card in BENCHMARKS.values()], indent=2))
        return

    table = Table("name", "task", "pairs", "images", "pairing")
    for card in BENCHMARKS.values():
        images = f"{card.size}; {card.bits}-bit {card.format}"
        table.add_row(card.name, card.task, _counts(card), images, card.pairing)
    print_table(table)


@benchmarks.command(epilog=EPILOG)
def show(name: Name, as_json: AsJson = False) -> None:
    """Show the card of a benchmark: layouts, pairing, protocols of the papers, licence, pitfalls."""
    card = benchmark(name)
    if as_json:
        print(json.dumps(_card(card), indent=2))
        return

    table = Table(show_header=False, title=card.title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_row("task", card.task)
    table.add_row("pairs", _counts(card))
    if card.variants:
        table.add_row("variants", ", ".join(card.variants))
    table.add_row("images", f"{card.size}; {card.bits}-bit {card.format}")
    table.add_row("pairing", card.pairing)
    for words, served in _layouts(card).items():
        table.add_row("layout", escape(f"{words} [{', '.join(served)}]" if served else words))
    for paper, protocol in card.protocols.items():
        table.add_row("protocol", f"{protocol} ({paper})")
    table.add_row("licence", card.licence)
    table.add_row("source", card.source)
    if card.downloads:
        table.add_row("download", f"restora benchmarks download {card.name} FOLDER")
    for note in card.notes:
        table.add_row("note", note)
    print_table(table)


@benchmarks.command(epilog=EPILOG)
def check(
    name: Name,
    root: Annotated[
        Path, typer.Argument(metavar="ROOT", help="Its folder, that of its split, or one above.")
    ],
    split: Split = None,
    variant: Variant = None,
    as_json: AsJson = False,
) -> None:
    """Say which layout a copy has, count its pairs, name what is missing or does not fit."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(name, total=None)
        found = examine(
            name,
            root,
            split=split,
            variant=variant,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        print(json.dumps({**asdict(found), "sound": found.sound}, indent=2))
    else:
        _print_examination(found)
    if not found.sound:
        raise typer.Exit(1)


@benchmarks.command(epilog=EPILOG)
def download(
    name: Name,
    root: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The benchmark gets a folder of its own in it.")
    ],
) -> None:
    """Fetch a benchmark from its authors' host and check it; or name the page, where no program may fetch it."""
    console = Console(stderr=True)
    with Progress(*COLUMNS, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(name, total=None)
        folder = fetch(
            name,
            root,
            progress=lambda file, done, total: bar.update(
                task, description=file, completed=done, total=total or None
            ),
        )
    print_line(folder)
    check(name, folder)


def _print_examination(found: Examination) -> None:
    title = " ".join(word for word in (found.benchmark, found.split, found.variant) if word)
    print(f"{title}: {found.pairs:,} pairs, layout: {found.layout}")
    for place in found.places:
        print_line(f"  in {place}")
    if found.remark:
        print(f"  {found.remark}")
    elif found.published is not None:
        print(f"  the published number is {found.published:,}")
    for kind, headers in (("degraded", found.degraded), ("clean", found.clean)):
        _print_some(f"  {kind}: ", [f"{count:,} of {header}" for header, count in headers.items()])
    _print_some("  passed over: ", list(found.ignored))
    _print_some("", list(found.faults))
    print("sound" if found.sound else f"not sound: {len(found.faults):,} faults")


def _print_some(words: str, lines: list[str]) -> None:
    """Print the first lines of many and how many there are besides."""
    for line in lines[:MANY]:
        print_line(f"{words}{line}")
    if len(lines) > MANY:
        print(f"{words}... and {len(lines) - MANY:,} more; --json prints all")


def _counts(card: Benchmark) -> str:
    """The numbers of pairs, the uncertain ones so marked."""
    parts = []
    for split in card.splits:
        count = "any" if split.pairs is None else f"{'' if split.certain else 'about '}{split.pairs:,}"
        of = f" ({', '.join(split.variants)})" if split.variants else ""
        also = f" or {', '.join(f'{other:,}' for other in split.circulating)}" if split.circulating else ""
        parts.append(f"{split.name}{of} {count}{also}")
    return "; ".join(parts)


def _layouts(card: Benchmark) -> dict[str, list[str]]:
    """The layouts in words -> the splits and variants they serve; those that read the same files in one."""
    found: dict[str, list[str]] = {}
    for layout in card.layouts:
        served = found.setdefault(f"{layout.name}: {layout.tree}", [])
        served += [word for word in (*layout.splits, *layout.variants) if word not in served]
    return found


def _card(card: Benchmark) -> dict[str, object]:
    """A card with its layouts in words."""
    words = [
        {"name": layout.name, "tree": layout.tree, "splits": layout.splits, "variants": layout.variants}
        for layout in card.layouts
    ]
    fields = {
        name: value for name, value in vars(card).items() if name not in ("layouts", "splits", "downloads")
    }
    return {
        **fields,
        "splits": [asdict(split) for split in card.splits],
        "layouts": words,
        "downloads": [asdict(one) for one in card.downloads],
    }
