"""``restora web``: a page to drop photographs on."""

import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from filelock import FileLock, Timeout

from restora.commands.options import Device, Host, MaxPixels, Port, Reproducible, Threads, pixels_or_auto
from restora.errors import RestoraError

EPILOG = """
Examples:

  restora web                                     [dim]opens the page in the browser; Ctrl-C ends it[/dim]

  restora web --no-browser --port 8080

  restora web --host 0.0.0.0 --auth ann:secret    [dim]for the other computers in the house[/dim]

Nothing leaves this computer, and what is dropped on the page is deleted when it is closed.
"""

PREFIX, LOCK = "restora-web-", ".lock"
"""Of the folder for what is uploaded, and of the file in it that is locked while the page is served."""
MAX_PIXELS = 100_000_000
BYTES_A_PIXEL = 16
"""Of the largest files, which hold four floats a pixel."""


def web(
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
    host: Host = "127.0.0.1",
    port: Port = 0,
    auth: Annotated[
        str | None, typer.Option(metavar="NAME:PASSWORD", help="Ask for them before the page is shown.")
    ] = None,
    share: Annotated[
        bool, typer.Option("--share", help="Ask Gradio for a public address, through its servers.")
    ] = False,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weights", help="Offer these too; a name from 'restora weights', or a file. Repeatable."
        ),
    ] = None,
    max_pixels: MaxPixels = MAX_PIXELS,
    max_queue: Annotated[int, typer.Option(min=1, help="Refuse visitors when so many wait.")] = 32,
    device: Device = "auto",
    threads: Threads = "auto",
    reproducible: Reproducible = False,
) -> None:
    """Open a page to drop photographs on: before and after, comparisons of weights, and what networks look at."""
    if importlib.util.find_spec("gradio") is None:
        raise RestoraError("the page needs Gradio; pip install 'restora[web]'")
    name, colon, password = (auth or "").partition(":")
    if auth is not None and not (name and colon and password):
        raise RestoraError("--auth takes a name and a password, such as ann:secret")
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_DISABLE_TELEMETRY="1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with _folder() as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        from restora.web import build

        page = build(
            weights=weights or (),
            max_pixels=max_pixels,
            max_queue=max_queue,
            device=device,
            threads=pixels_or_auto("--threads", threads, "threads"),
            reproducible=reproducible,
        )
        try:
            page.launch(
                server_name=host,
                server_port=port or None,
                inbrowser=browser,
                share=share,
                auth=(name, password) if auth else None,
                max_file_size=BYTES_A_PIXEL * max_pixels + 2**24,
                footer_links=[],
            )
        except OSError as error:  # Gradio's own, in many words
            raise RestoraError(
                f"the page cannot be served at {host}, port {port or 'any'}; choose others with --host and --port"
            ) from error


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for what is uploaded, which goes at the end; those of servers that were killed go now."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(Timeout, OSError), FileLock(lock, timeout=0):
            shutil.rmtree(lock.parent)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, FileLock(Path(folder) / LOCK):
        yield Path(folder)
