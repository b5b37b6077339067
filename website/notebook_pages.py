"""Notebooks as pages: text as it is, code as code."""

from pathlib import Path

import jupytext

FOLDER = Path(__file__).parent.parent / "examples/notebooks"


def notebooks() -> list[Path]:
    """Return the notebooks in the order of their names."""
    return sorted(FOLDER.glob("*.py"))


def page(notebook: Path) -> str:
    """Write a notebook as Markdown, with the command that opens it."""
    cells = jupytext.read(notebook).cells
    parts = [
        cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```" for cell in cells
    ]
    name = notebook.relative_to(FOLDER.parent.parent).as_posix()
    how = f"*A notebook: `jupytext --to ipynb {name}` makes a file for Jupyter of it, `python {name}` runs it as it is.*"
    return "\n\n".join([parts[0], how, *parts[1:]])
