"""``restora doctor``: is everything there that restora needs?"""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import torch
import typer

from restora import __version__
from restora.checkpoints import list_weights, load_model
from restora.errors import RestoraError
from restora.layers.precision import computes_in_bfloat16
from restora.restoration.engine import best_device
from restora.restoration.memory import free_memory

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
    "scipy": "benchmarks",
    "h5py": "benchmarks",
    "lpips": "lpips",
}
"""Packages that only some commands need, and the extra that installs them."""


def doctor() -> None:
    """Show versions, devices and optional parts, and check the weights; send this along with a report."""
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
    print(f"  precision auto: {'bfloat16' if computes_in_bfloat16(device) else 'float32'}")
    print(f"  {torch.get_num_threads()} threads of {os.cpu_count()} processors")
    healthy = True
    for card in list_weights():
        try:
            load_model(card.name)
            print(f"weights {card.name}: sound")
        except RestoraError as error:
            healthy = False
            print(f"restora: {error}", file=sys.stderr)
    if not healthy:
        raise typer.Exit(1)


def _version_or_remedy(name: str, extra: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return f"missing, optional: pip install 'restora[{extra}]'"
