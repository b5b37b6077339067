"""One photograph from the standard input, to the standard output, or both."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from restora.atomic import write_file
from restora.commands.inputs import STREAM
from restora.commands.lines import print_line, tell, tell_failure
from restora.errors import RestoraError
from restora.failures import failure
from restora.images.formats import format_to_write
from restora.images.writing import check_free
from restora.restoration import Restorer
from restora.restoration.content import restore_content

if TYPE_CHECKING:
    from restora.restoration.automatic import AutoRestorer


def restore_stream(
    source: Path,
    output: Path | None,
    restorer: "Restorer | AutoRestorer",
    console: Console,
    file_format: str | None,
    quality: int | None,
    max_pixels: int,
    *,
    overwrite: bool,
) -> None:
    """Restore one photograph, of which one end at least is a stream.

    Args:
        source: A file, or `STREAM`.
        output: A file, or `STREAM`, which ``None`` stands for.
        restorer: Does the work.
        console: For what is to be said.
        file_format: Of the result on the standard output; by default that of the photograph.
        quality: See `restora.images.write`.
        max_pixels: Refuse larger photographs.
        overwrite: Whether a file may be replaced.

    Raises:
        RestoraError: The standard output is a terminal.
        typer.Exit: The photograph failed, which is said.
    """
    to_stream = output in (None, STREAM)
    if to_stream and sys.stdout.isatty():
        raise RestoraError(
            "a picture is not for a terminal; send it on (> clean.png, or a pipe), or name it with -o"
        )
    try:
        content = sys.stdin.buffer.read() if source == STREAM else source.read_bytes()
        if not to_stream:
            assert output is not None
            format_to_write(output)
            check_free(output, overwrite=overwrite)  # now, not after the work
            file_format = output.suffix
        options: dict[str, Any] = {"quality": quality, "max_pixels": max_pixels}
        done = restore_content(content, restorer, name=str(source), file_format=file_format, **options)
        if output is None or to_stream:
            sys.stdout.buffer.write(done.content)
        else:
            print_line(write_file(output, done.content))
        for note in (*done.notes, *done.losses):
            tell(console, f"{source}: {note}")
    except Exception as error:
        tell_failure(console, failure(error, source))
        raise typer.Exit(1) from None
