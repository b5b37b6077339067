"""``restora tables``: the page of results, from the files that evaluations left."""

from pathlib import Path
from typing import Annotated

import typer

from restora.atomic import write_file
from restora.errors import RestoraError
from restora.evaluation.tables import read_evaluations, results_page


def tables(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Of the JSON files of restora evaluate.", show_default=True),
    ] = Path("benchmarks/results/evaluations"),
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A Markdown file; printed when left out.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if the file is not up to date.")
    ] = False,
) -> None:
    """Build the tables of the documentation: measured means beside the published numbers."""
    page = results_page(read_evaluations(folder), folder.as_posix())
    if output is None:
        print(page, end="")
    elif not check:
        print(write_file(output, page))
    elif not output.exists() or output.read_text(encoding="utf-8") != page:
        raise RestoraError(f"{output}: is not up to date; write it with restora tables {folder} -o {output}")
