"""Pages of the Python API: the public names of the package, and those of each room; mkdocstrings writes what they say."""

from importlib import import_module
from typing import Any

import restora

ROOMS = (
    "restoration",
    "images",
    "diagnosis",
    "checkpoints",
    "networks",
    "layers",
    "video",
    "datasets",
    "degradations",
    "training",
    "metrics",
    "evaluation",
    "explanation",
    "scale",
    "server",
    "bridges",
)
"""Rooms with a page of their own, in the order of the menu."""

BRIDGES = ("restora.bridges.spandrel.install", "restora.bridges.torchmetrics.ProtocolMetric")
"""What is offered by modules that import libraries which may be missing here."""

HEAD = """\
# Python

What `import restora` offers; each name is imported when it is first used. The examples are run by the tests. What the rooms
of the package offer beside stands on their pages; [restora in a program](../embedding.md) tells how they work together.
"""


def index() -> str:
    """Write the page of `restora.__all__`."""
    return HEAD + "".join(f"\n{_entry(_path(getattr(restora, name)))}" for name in restora.__all__)


def room(name: str) -> str:
    """Write the page of a room: what its module says, and the functions and classes that it offers."""
    own, top = offered(name), [getattr(restora, each) for each in restora.__all__]
    text = f"# restora.{name}\n\n{(import_module(f'restora.{name}').__doc__ or '').strip()}\n"
    if beside := [f"[{one.__name__}][{_path(one)}]" for one in own if one in top]:
        text += f"\nOn the page of [Python](index.md): {', '.join(beside)}.\n"
    paths = [_path(one) for one in own if one not in top] + list(BRIDGES if name == "bridges" else ())
    return text + "".join(f"\n{_entry(path)}" for path in paths)


def offered(name: str) -> list[Any]:
    """Return the functions and classes that a room offers."""
    module = import_module(f"restora.{name}")
    named = [getattr(module, each) for each in getattr(module, "__all__", vars(module))]
    own = [
        one for one in named if callable(one) and getattr(one, "__module__", "").startswith(module.__name__)
    ]
    return list(dict.fromkeys(own))


def _entry(path: str) -> str:
    return f"::: {path}\n    options: {{heading_level: 2}}\n"


def _path(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"
