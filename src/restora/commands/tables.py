"""``restora tables``: the tables of the documentation, from the files that evaluations left."""

from pathlib import Path
from typing import Annotated

import typer

from restora.atomic import write_file
from restora.errors import RestoraError
from restora.evaluation.tables import read_evaluations, results_page, with_tables

EPILOG = """
Examples:

  restora tables evaluations -o results.md

  restora tables evaluations -o README.md           [dim]only between its marks[/dim]

  restora tables evaluations -o results.md --check  [dim]is it up to date?[/dim]
"""


def tables(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Folder of the JSON files of restora evaluate."),
    ] = Path("benchmarks/results/evaluations"),
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="A Markdown file, printed when left out; of one with marks such as"
            " '<!-- restora tables: cbsd68, kodak24; input, bm3d -->' up to '<!-- end -->' only what is between.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if the file is not up to date.")
    ] = False,
) -> None:
    """Build the tables of the documentation: measured means beside the published numbers."""
    evaluations = read_evaluations(folder)
    before = output.read_text(encoding="utf-8") if output is not None and output.exists() else ""
    page = with_tables(before, evaluations) or results_page(evaluations, folder.as_posix())
    if output is None:
        print(page, end="")
    elif not check:
        print(write_file(output, page))
    elif before != page:
        raise RestoraError(f"{output}: is not up to date; write it with restora tables {folder} -o {output}")
