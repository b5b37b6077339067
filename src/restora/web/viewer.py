"""The viewer: a picture before and after with a divider between them, zoom, and a click that says where."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

_ASSETS = Path(__file__).parent / "assets"


def asset(name: str) -> str:
    """Return the text of a file that belongs to the page."""
    return (_ASSETS / name).read_text(encoding="utf-8")


def viewer(**options: Any) -> gr.HTML:
    """Return an empty viewer, whose ``select`` event carries ``across`` and ``down``, 0 to 1, of a click.

    Everything can be done by keyboard: the divider is a slider, the buttons are buttons, and the picture takes plus, minus, 0,
    1 and the arrows.
    """
    parts = {"html_template": "viewer.html", "css_template": "viewer.css", "js_on_load": "viewer.js"}
    return gr.HTML(None, **{part: asset(name) for part, name in parts.items()}, **options)


def shown(
    name: str,
    size: tuple[int, int],
    before: Path,
    after: Path | None = None,
    crop: tuple[int, int, int, int] | None = None,
) -> dict[str, Any]:
    """Return what a viewer is to show.

    Args:
        name: Of the picture; while it stays, so do zoom and place.
        size: Width and height in pixels.
        before: PNG.
        after: PNG of the same size; without it there is no divider.
        crop: Left, top, width and height of a marked part, in pixels.
    """
    value = {"name": name, "width": size[0], "height": size[1], "crop": crop}
    for key, path in (("before", before), ("after", after)):
        value[key] = path and FileData(path=str(path), meta={"_type": "gradio.FileData"}).model_dump()
    return value
