"""Writing MATLAB files whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from restora.atomic import output_file
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
    with output_file(path) as stream:
        savemat(stream, dict(variables), do_compression=True)
    return path
