"""Files of what matplotlib draws."""

from pathlib import Path
from typing import TYPE_CHECKING

from restora.atomic import output_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def saved(figure: "Figure", path: Path) -> Path:
    """Write a figure in the format that the suffix asks for, whole or not at all, the same bytes every time.

    Raises:
        RestoraError: The file cannot be written.
    """
    from matplotlib import rc_context

    kind = path.suffix[1:].lower()
    # Without these two, the date and random names would make every file differ.
    dates = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
    with rc_context({"svg.hashsalt": "restora"}), output_file(path) as stream:
        figure.savefig(stream, format=kind, metadata=dates)
    return path
