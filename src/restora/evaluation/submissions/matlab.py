"""Writing MATLAB files whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from restora.atomic import replacement
from restora.errors import RestoraError


def write_mat(path: Path, variables: Mapping[str, Any]) -> Path:
    """Write variables as a MATLAB file of version 5, which every MATLAB and SciPy reads.

    Raises:
        RestoraError: SciPy is missing, or the file cannot be written.
    """
    try:
        from scipy.io import savemat
    except ImportError as error:
        raise RestoraError(f"{path}: needs SciPy to be written; pip install 'restora[benchmarks]'") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacement(path) as stream:
            savemat(stream, dict(variables), do_compression=True)
    except OSError as error:
        raise RestoraError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error
    return path
