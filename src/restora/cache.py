"""The folder for what can be made or fetched again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return where restora keeps what can be had again: ``RESTORA_CACHE``, or ``restora`` in the user's cache folder."""
    if named := os.environ.get("RESTORA_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "restora"
