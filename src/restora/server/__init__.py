"""A server for products: `create_app` makes it, ``restora serve`` serves it. Needs the extra ``serve``.

A picture comes with a request and goes with the answer; in between it is in memory alone. Few are worked on at once, few
wait, and who comes beyond that is told when to come again.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restora.server.app import create_app
    from restora.server.bounds import Bounds
    from restora.server.offer import Offer

__all__ = ["Bounds", "Offer", "create_app"]


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for, and FastAPI with the app alone."""
    homes = {"Bounds": "bounds", "Offer": "offer", "create_app": "app"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"restora.server.{homes[name]}"), name)
