"""Journal of a run, its scores so far: what a run that is repeated need not do again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from restora.atomic import write_file
from restora.errors import RestoraError
from restora.evaluation.record import ImageScores
from restora.json_lines import append_line, read_lines


class Journal:
    """A file that gains a line with every image that is done.

    Its first line says what the run is. A kill loses at most the line that was being written.

    Args:
        path: The file; its folder is made.
        run: What the run is: all that changes a score.
        again: Begin anew, whatever is there.

    Raises:
        RestoraError: The file belongs to another run, or cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Journal(Path(folder) / "j", {"method": "a"}).add(ImageScores("1", {"psnr": 30.0}), "stamp")
        ...     Journal(Path(folder) / "j", {"method": "a"}).find("1", "stamp").scores
        {'psnr': 30.0}
    """

    def __init__(self, path: Path, run: Mapping[str, Any], *, again: bool = False) -> None:
        self.path = path
        self._done: dict[str, tuple[str, ImageScores]] = {}
        head = json.loads(json.dumps({"run": run}))
        lines = [] if again else read_lines(path)
        if lines and lines[0] != head:
            raise RestoraError(
                f"{path}: is of another run ({_difference(lines[0], run)}); choose another --output, or begin anew with --again"
            )
        kept = [line for line in lines[1:] if self._take(line)]
        write_file(path, "".join(json.dumps(line, sort_keys=True) + "\n" for line in [head, *kept]))

    def _take(self, content: dict[str, Any]) -> bool:
        try:
            scores = {metric: float(value) for metric, value in content["scores"].items()}
            self._done[content["name"]] = content["stamp"], ImageScores(content["name"], scores)
        except (ValueError, KeyError, TypeError, AttributeError):
            return False  # damaged
        return True

    def find(self, name: str, stamp: str) -> ImageScores | None:
        """Return the scores of an image, None if it is not done or its files have changed."""
        kept_stamp, scores = self._done.get(name, ("", None))
        return scores if kept_stamp == stamp else None

    def add(self, scores: ImageScores, stamp: str) -> None:
        """Write down that an image is done.

        Raises:
            RestoraError: The file cannot be written.
        """
        # Scores as text: JSON has no infinity.
        values = {metric: repr(value) for metric, value in scores.scores.items()}
        append_line(self.path, {"name": scores.name, "stamp": stamp, "scores": values})
        self._done[scores.name] = stamp, scores


def _difference(head: dict[str, Any], run: Mapping[str, Any]) -> str:
    """Name what differs between the run of a file and this one."""
    there = head.get("run")
    if not isinstance(there, dict):
        return "its first line says nothing known"
    for key, value in run.items():
        if there.get(key) != json.loads(json.dumps(value)):
            return f"{key} {_short(there.get(key))} there, {_short(value)} here"
    return "it says more"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
