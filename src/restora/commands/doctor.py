"""``restora doctor``: is everything there that restora needs?"""

import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import torch
import typer

from restora import __version__
from restora.checkpoints import list_weights, load_model, weights_for_task
from restora.checkpoints.loading import check_weights, find_weights
from restora.commands.lines import failure_line
from restora.datasets.pack import INDEX, Pack
from restora.errors import RestoraError
from restora.failures import failure
from restora.layers.precision import computes_in_bfloat16
from restora.restoration.engine import best_device
from restora.restoration.memory import free_memory
from restora.threads import computing_threads

CORE = (
    "torch",
    "numpy",
    "pillow",
    "opencv-python-headless",
    "tifffile",
    "imagecodecs",
    "safetensors",
    "typer",
)
OPTIONAL = {
    "accelerate": "train",
    "tensorboard": "train",
    "matplotlib": "figures",
    "openvino": "openvino",
    "onnxruntime": "onnx",
    "scipy": "benchmarks",
    "h5py": "benchmarks",
    "pooch": "benchmarks",
    "lpips": "lpips",
    "deepinv": "scores",
    "torchmetrics": "scores",
    "fastapi": "serve",
}
"""Packages that only some commands need, and the extra that installs them."""


EPILOG = """
Examples:

  restora doctor

  restora doctor --measure    [dim]which engine and precision are fastest here, and what they cost[/dim]

  restora doctor best.pt mine.safetensors photos.pack  [dim]is a bit damaged? exit code 1 if so[/dim]
"""


def doctor(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE...]", exists=True, help="Weights, checkpoints and packs to be checked instead."
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="Also measure every engine in every precision with the default weights; takes minutes.",
        ),
    ] = False,
) -> None:
    """Show versions, devices and optional parts, and check the weights; send this along with a report."""
    if files:
        healthy = [_is_sound(str(file), partial(_check_file, file)) for file in files]
    else:
        _print_installation()
        healthy = [_is_sound(f"weights {card.name}", partial(_load, card.name)) for card in list_weights()]
    if measure:
        _print_measurements()
    if not all(healthy):
        raise typer.Exit(1)


def _print_measurements() -> None:
    """Measure engines and precisions with the weights of the tasks that are chosen most, and say which `auto` takes."""
    from restora.restoration.measuring import fastest, measure

    for task in ("denoise", "denoise-real"):
        network = load_model(weights_for_task(task))
        side = network.requirements.engine_side
        with computing_threads("auto"):
            found = measure(network, side)
        best = fastest(found)
        print(f"{weights_for_task(task)}, tiles of {side} pixels:")
        print("  engine       precision  seconds  times as fast  grey levels  dB lost")
        for row in found:
            numbers = f"{row.seconds:7.2f} {row.ratio:14.2f} {255 * row.error:12.2f} {row.loss:8.3f}"
            verdict = "auto" if row is best else row.fault
            print(f"  {row.engine:12} {row.precision:9} {numbers}  {verdict}".rstrip())


def _is_sound(name: str, check: Callable[[], str]) -> bool:
    try:
        print(f"{name}: {check()}")
    except RestoraError as error:
        print(failure_line(failure(error), terminal=sys.stderr.isatty()), file=sys.stderr)
        return False
    return True


def _load(name: str) -> str:
    load_model(name)
    return "sound"


def _check_file(file: Path) -> str:
    if (file / INDEX).exists():
        found = "index.json" if Pack(file).index.descriptions else None
    else:
        found = check_weights(find_weights(file))
    return (
        f"sound, by the checksums in {found}"
        if found
        else "can be read, but has no checksum to hold it against"
    )


def _print_installation() -> None:
    print(f"restora {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for name in CORE:
        print(f"  {name} {version(name)}")
    for name, extra in OPTIONAL.items():
        print(f"  {name} {_version_or_remedy(name, extra)}")
    device = best_device()
    name = (
        torch.cuda.get_device_name() if device.type == "cuda" else platform.processor() or platform.machine()
    )
    print(f"device: {device} ({name}), {free_memory(device) / 1024**3:.1f} GiB free")
    print(f"  bfloat16: {'in hardware' if computes_in_bfloat16(device) else 'emulated, never chosen'}")
    print(f"  {torch.get_num_threads()} threads of {os.cpu_count()} processors")


def _version_or_remedy(name: str, extra: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return f"missing, optional: pip install 'restora[{extra}]'"
