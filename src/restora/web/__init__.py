"""A page to drop photographs on: `build` makes it, ``restora web`` serves it. Needs the extra ``web``.

The page is served by Gradio and computes here; a photograph is kept, as the file it came as, in a folder of the visit, which
goes when the visitor does. What is downloaded is what ``restora restore`` writes.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restora.web.page import build

__all__ = ["build"]


def __getattr__(name: str) -> Any:
    """Import the page when it is first asked for, and Gradio with it."""
    if name != "build":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from restora.web.page import build

    return build
