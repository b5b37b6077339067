"""Files that gain a line of JSON at a time, of which a kill may cut the last one."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from restora.atomic import refusal


def read_lines(path: Path) -> list[dict[str, Any]]:
    r"""Read the lines of a file, without those that are cut or damaged; there are none where there is no file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "log.jsonl"
        ...     _ = path.write_text('{"step": 1}\n{"step": 2}\n{"st')
        ...     append_line(path, {"step": 3})
        ...     read_lines(path)
        [{'step': 1}, {'step': 2}, {'step': 3}]
    """
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [content for content in map(_content, lines) if isinstance(content, dict)]


def append_line(path: Path, content: Mapping[str, Any]) -> None:
    """Add a line, whole, in place of one that a kill has cut before.

    Raises:
        RestoraError: The file cannot be written.
    """
    try:
        with path.open("ab+") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read() != b"\n":
                    stream.seek(0)
                    stream.truncate(stream.read().rfind(b"\n") + 1)
            stream.write(json.dumps(content).encode() + b"\n")
    except OSError as error:
        raise refusal(path, error) from error


def _content(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
