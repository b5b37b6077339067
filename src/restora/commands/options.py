"""Options that several commands have, and how their values are read."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from restora.errors import RestoraError
from restora.threads import chosen_threads


def _tasks() -> list[str]:
    """Return what the shell completes; the library is asked only then."""
    from restora.checkpoints import TASKS

    return ["auto", *TASKS]


def names_of_weights() -> list[str]:
    """Return what the shell completes; where nothing begins so, it looks for files."""
    from restora.checkpoints import list_weights
    from restora.checkpoints.published import PUBLISHED

    return [*(card.name for card in list_weights()), *PUBLISHED]


Address = Annotated[
    str | None,
    typer.Option(
        help="Of a cluster of Ray: auto, HOST:6379 ...; without it, one is started here.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print for other programs.")]
_ENGINES = "auto|torch|compile|openvino|onnxruntime"
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps ...")]
Engine = Annotated[
    str,
    typer.Option(
        metavar=_ENGINES,
        autocompletion=lambda: _ENGINES.split("|"),
        help="What runs the network on a CPU; auto: the fastest here that agrees with torch, measured once.",
    ),
]
GpusPerWorker = Annotated[
    float | None,
    typer.Option(min=0, help="On Ray; 0.5 lets two share one. [1 where there are any]", show_default=False),
]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for other computers too.")]
Inputs = Annotated[
    list[Path], typer.Argument(metavar="INPUT...", help="Files, folders and patterns.", show_default=False)
]
LineAsJson = Annotated[
    bool, typer.Option("--json", help="Print an object a line for each file, for other programs.")
]
MaxPixels = Annotated[int, typer.Option(min=1, help="Refuse larger photographs.", show_default=True)]
Ensemble = Annotated[bool, typer.Option("--ensemble", help="Average over flips and turns.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0: one that is free.")]
Reproducible = Annotated[
    bool,
    typer.Option(
        "--reproducible", help="The same bytes on every machine: float32, torch, fixed tiles, one thread."
    ),
]
Task = Annotated[
    str | None,
    typer.Option(
        help="What is wrong: auto (whatever is found; nothing is done to a clean photograph), denoise-real (cameras,"
        " JPEG), denoise (Gaussian), deblur, defocus, defocus-dual, derain, desnow or dehaze.",
        show_default="auto",
        autocompletion=_tasks,
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        "--model",
        help="Weights to use instead: a name from 'restora weights', or a checkpoint.",
        autocompletion=names_of_weights,
    ),
]
Strength = Annotated[
    float,
    typer.Option(min=0, max=1, help="Share of the restored picture; the rest is the picture as it came."),
]
Tile = Annotated[
    str, typer.Option(metavar="auto|none|PIXELS", help="Side of the tiles; 'none' does without.")
]
Overlap = Annotated[str, typer.Option(metavar="auto|PIXELS", help="What neighbouring tiles share.")]
SelfEnsemble = Annotated[
    bool,
    typer.Option("--ensemble", help="Average over 8 flips and turns: a little better, 8 times the time."),
]
Precision = Annotated[
    str,
    typer.Option(
        help="auto, float32, bfloat16 or float16.",
        autocompletion=lambda: ["auto", "float32", "bfloat16", "float16"],
    ),
]
Recursive = Annotated[bool, typer.Option("-r", "--recursive", help="Also look into the folders below.")]
Split = Annotated[str | None, typer.Option(help="train, val, test or all; the usual one if left out.")]
Threads = Annotated[str, typer.Option(metavar="auto|NUMBER", help="Threads on a CPU; auto: what is free.")]
Variant = Annotated[str | None, typer.Option(help="Such as blur_gamma; the usual one if left out.")]

MOST_SEED = 2**63 - 1
"""Of torch's generators."""


def pixels_or_auto(option: str, value: str, what: str = "pixels") -> int | Literal["auto"]:
    """Read a number of pixels, or of something else, or the word auto.

    Raises:
        RestoraError: It is neither.
    """
    if value == "auto":
        return "auto"
    try:
        return int(value)
    except ValueError:
        raise RestoraError(f"{option}: {value!r} is no number of {what}; give one, or auto") from None


def shared_threads(threads: int | Literal["auto"], workers: int) -> int | Literal["auto"]:
    """Return the threads of each of several workers: those that were asked for, or their share of those that are free."""
    if workers == 1 or threads != "auto":
        return threads
    return max(1, chosen_threads("auto") // workers)
