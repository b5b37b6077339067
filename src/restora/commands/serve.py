"""``restora serve``: a server for products."""

import importlib.util
import logging
import socket
from pathlib import Path
from typing import Annotated

import typer

from restora.commands.options import (
    Device,
    Engine,
    Host,
    MaxPixels,
    Port,
    Precision,
    Reproducible,
    Threads,
    Tile,
    pixels_or_auto,
    shared_threads,
)
from restora.errors import RestoraError
from restora.server.bounds import MAX_BYTES, MAX_PIXELS, MAX_QUEUE, MAX_SECONDS, Bounds

EPILOG = """
Examples:

  restora serve                                            [dim]at http://127.0.0.1:8000; Ctrl-C ends it[/dim]

  curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' 'http://127.0.0.1:8000/restore?task=dehaze' -o clean.jpg

  restora serve --task denoise-real --task dehaze          [dim]these alone; the first is the default[/dim]

  restora serve --host 0.0.0.0 --token-file token          [dim]for other computers, who must bring the token[/dim]

What is served, and all that can be asked for, is at /docs.
"""

GPU_WORKERS = 8
"""Pictures worked on at once on a graphics card: enough for their tiles to gather."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")

logger = logging.getLogger(__name__)


def serve(
    task: Annotated[
        list[str] | None,
        typer.Option(
            help="Offer this task, with the weights in the package; the first one is the default. Repeatable.",
            show_default="all",
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weights", help="Offer these weights; a name from 'restora weights', or a file. Repeatable."
        ),
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="RESTORA_TOKEN",
            help="Ask for it (Authorization: Bearer TOKEN). Rather in the variable: other users see options.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ask for the token that stands in a file.")
    ] = None,
    max_pixels: MaxPixels = MAX_PIXELS,
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse larger files.")] = MAX_BYTES,
    max_queue: Annotated[int, typer.Option(min=0, help="Refuse pictures when so many wait.")] = MAX_QUEUE,
    max_seconds: Annotated[
        float, typer.Option(min=0.1, max=1e6, help="Give up a picture that takes longer, waiting included.")
    ] = MAX_SECONDS,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Pictures worked on at once.", show_default="1; 8 on a graphics card"
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="Tiles of several pictures computed together at most.",
            show_default="1; as many as workers on a graphics card",
        ),
    ] = None,
    tile: Tile = "auto",
    device: Device = "auto",
    precision: Precision = "auto",
    engine: Engine = "auto",
    threads: Threads = "auto",
    reproducible: Reproducible = False,
) -> None:
    """Serve restorations over HTTP: POST a picture, get it back restored; bounded queue, limits, metrics, token."""
    missing = [
        name for name in ("fastapi", "uvicorn", "prometheus_client") if not importlib.util.find_spec(name)
    ]
    if missing:
        raise RestoraError("the server needs FastAPI, uvicorn and others; pip install 'restora[serve]'")
    from restora.server.tokens import check_token, read_token

    if token is not None and token_file is not None:
        raise RestoraError("the token is given twice; give --token (or RESTORA_TOKEN), or --token-file")
    secret = read_token(token_file) if token_file else token if token is None else check_token(token)
    import uvicorn

    from restora.restoration.engine import best_device
    from restora.restoration.tiling import tile_named
    from restora.server import Offer, create_app

    on_card = not reproducible and (best_device().type if device == "auto" else device) != "cpu"
    workers = workers or (GPU_WORKERS if on_card else 1)
    offer = Offer(
        task or (),
        weights or (),
        tile=tile_named(tile),
        device=device,
        precision=precision,
        engine=engine,
        threads=shared_threads(pixels_or_auto("--threads", threads, "threads"), workers),
        batch=batch or (workers if on_card else 1),
        reproducible=reproducible,
    )
    bounds = Bounds(max_bytes, max_pixels, max_queue, max_seconds, workers)
    failures: list[RestoraError] = []

    def failed(error: RestoraError) -> None:
        failures.append(error)
        server.should_exit = True

    app = create_app(offer, bounds, token=secret, failed=failed)
    with _listening(host, port) as listener:
        address = f"[{host}]" if ":" in host else host
        logger.info("restora serves at http://%s:%d; Ctrl-C ends it", address, listener.getsockname()[1])
        if secret is None and host not in LOOPBACK:
            logger.warning(
                "whoever reaches %s may have pictures restored; ask for a token with --token-file", host
            )
        config = uvicorn.Config(app, log_level="info", server_header=False, timeout_graceful_shutdown=30)
        server = uvicorn.Server(config)
        server.run(sockets=[listener])
    if failures:
        raise failures[0]


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        RestoraError: The address does not exist or is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError, OverflowError) as error:
        raise RestoraError(
            f"nothing can be served at {host}, port {port} ({getattr(error, 'strerror', None) or error});"
            " choose others with --host and --port"
        ) from error
