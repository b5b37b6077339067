"""Registry of the architectures that restora knows."""

import fnmatch
from dataclasses import asdict
from importlib import import_module
from typing import Any

from restora.errors import RestoraError
from restora.networks.architecture import Architecture
from restora.networks.contract import RestorationNetwork

NETWORKS = (
    "chair",
    "dinat_ir",
    "kit",
    "derestormer",
)
"""Files of this folder that hold an ``ARCHITECTURE``. A new network takes its file and its line here."""

ARCHITECTURES: dict[str, Architecture] = {}


def register(architecture: Architecture) -> None:
    """Make an architecture known by its name, to everything that builds, recognises, lists or loads networks.

    Raises:
        RestoraError: Another one has that name.

    Example:
        >>> from dataclasses import replace
        >>> register(replace(architecture("chair"), name="my_chair"))
        >>> list_models("my_chair/t*")
        ['my_chair/tiny', 'my_chair/tiny_dual_pixel']
        >>> del ARCHITECTURES["my_chair"]
    """
    if ARCHITECTURES.setdefault(architecture.name, architecture) is not architecture:
        raise RestoraError(f"there is an architecture {architecture.name!r} already; choose another name")


for _name in NETWORKS:
    register(import_module(f"restora.networks.{_name}").ARCHITECTURE)


def architecture(name: str) -> Architecture:
    """Return the architecture of that name.

    Raises:
        RestoraError: There is none; the message lists those there are.

    Example:
        >>> architecture("chair").title
        'ChaIR'
    """
    try:
        return ARCHITECTURES[name]
    except KeyError:
        raise RestoraError(f"unknown architecture {name!r}; there are: {', '.join(ARCHITECTURES)}") from None


def create_model(name: str, variant: str = "base", **overrides: Any) -> RestorationNetwork:
    """Build a network with fresh weights.

    Args:
        name: An architecture, such as ``"chair"``; see `list_models`.
        variant: One of its named configurations; ``"base"`` is the published one.
        **overrides: Fields of the configuration to change, such as ``width=24``.

    Returns:
        The network, in training mode.

    Raises:
        RestoraError: Unknown architecture, variant or field, or a value out of range.

    Example:
        >>> create_model("chair", "tiny", width=8).config.width
        8
    """
    arch = architecture(name)
    return arch.build(arch.configure(asdict(arch.variant(variant)) | overrides))


def list_models(pattern: str = "*") -> list[str]:
    """Return every architecture and variant as ``"architecture/variant"``.

    Args:
        pattern: Of those to list, as of files: ``*`` and ``?`` stand for others.

    Example:
        >>> list_models("chair/*pixel")
        ['chair/tiny_dual_pixel']
    """
    names = [f"{arch.name}/{variant}" for arch in ARCHITECTURES.values() for variant in arch.variants]
    return fnmatch.filter(names, pattern)
