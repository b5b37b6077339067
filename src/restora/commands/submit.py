"""``restora submit``: restore what only a server can score, and write the files that it takes."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from restora.commands.options import Device, Ensemble
from restora.datasets import Pairs, open_benchmark
from restora.evaluation.methods import Method, weights_method
from restora.evaluation.run import restored
from restora.evaluation.submissions import SiddSubmission, write_dnd_bundle, write_sidd_csv, write_sidd_mat
from restora.pixels import to_uint8

EPILOG = """
Examples:

  restora submit sidd --weights mine.safetensors --root data/SIDD       [dim]SubmitSrgb.mat and SubmitSrgb.csv[/dim]

  restora submit dnd --weights mine.safetensors --root data/dnd_2017    [dim]bundled/0001.mat to 0050.mat[/dim]
"""


def submit(
    server: Annotated[Literal["sidd", "dnd"], typer.Argument(metavar="sidd|dnd", help="Whose server.")],
    root: Annotated[Path, typer.Option(help="Folder of the benchmark.")],
    weights: Annotated[str, typer.Option(help="A name of 'restora weights', or a file.")],
    authors: Annotated[str, typer.Option(help="For the server's table.")] = "",
    paper: Annotated[str, typer.Option(help="Title, for the server's table.")] = "",
    venue: Annotated[str, typer.Option(help="For the server's table.")] = "",
    ensemble: Ensemble = False,
    device: Device = "auto",
    output: Annotated[Path, typer.Option("-o", "--output", help="A folder.")] = Path("submission"),
) -> None:
    """Write a submission to the server of SIDD or DND, which keep the clean images."""
    pairs = open_benchmark(server, root, split="benchmark" if server == "sidd" else "test")
    method = weights_method(weights, ensemble=ensemble, device=device)
    if server == "sidd":
        written = _sidd(pairs, method, output, authors, paper, venue)
    else:
        written = list(write_dnd_bundle(output / "bundled", _restored(pairs, method)))
    print(*written, sep="\n")


def _sidd(pairs: Pairs, method: Method, output: Path, authors: str, paper: str, venue: str) -> list[Path]:
    start = time.perf_counter()
    blocks = [to_uint8(crop) for _, crop in _restored(pairs, method)]
    megapixels = sum(block.shape[0] * block.shape[1] for block in blocks) / 1e6
    seconds = (time.perf_counter() - start) / megapixels
    about = SiddSubmission(method.name, authors, paper, venue, seconds)
    return [
        write_sidd_mat(output / "SubmitSrgb.mat", blocks, about),
        write_sidd_csv(output / "SubmitSrgb.csv", blocks),
    ]


def _restored(pairs: Pairs, method: Method) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """The restored images with their names, with a bar on a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(pairs.title, total=len(pairs))
        for pair, answer in restored(pairs.entries, method.restore):
            bar.advance(task)
            yield pair.name, answer
