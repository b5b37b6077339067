"""Reading of files of weights, without ever executing anything in them."""

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from restora.checkpoints.budget import check_safetensors, check_tensors, check_torch
from restora.checkpoints.file_kinds import kind_of
from restora.errors import RestoraError, shortened

NESTED_UNDER = ("params_ema", "ema", "params", "state_dict", "model_state_dict", "model", "net", "network")
"""Keys under which training code files its weights, the better ones first."""

CHECKSUM = "crc32"
"""Entry of the metadata of safetensors in which restora writes a `checksum`."""

PREFIXES = ("module.", "_orig_mod.", "network.", "net_g.", "model.")
"""What wrappers put before every key: data parallelism, compilation, trainers."""


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Read the state dict in a file, on the CPU, whatever wrapped it.

    Args:
        path: A ``.safetensors`` file, or one written by `torch.save` (``.pth``, ``.pt``, ``.pkl``, ``.ckpt``).

    Returns:
        Tensors by key, without nesting and without a prefix that all keys share.

    Raises:
        RestoraError: Missing, damaged, without tensors, or a file that would execute code when read.

    Example:
        >>> from restora.checkpoints.shipped import weights_folder
        >>> state = read_tensors(weights_folder() / "denoise-chair-tiny.safetensors")
        >>> sum(value.numel() for value in state.values()) > 500_000
        True
    """
    path = Path(path)
    return tensors_in(read_content(path), path)


def read_content(path: Path) -> Any:
    """Read all that a file holds: tensors and plain values, on the CPU.

    Raises:
        RestoraError: Missing, damaged, or a file that would execute code when read.
    """
    if not path.is_file():
        raise RestoraError(f"{path}: no such file of weights")
    try:
        if kind_of(path) == "safetensors":
            check_safetensors(path)
            return _read_safetensors(path)
        check_torch(path)
        with path.open("rb") as stream:  # by its content, whatever its name
            return torch.load(stream, map_location="cpu", weights_only=True)
    except RestoraError:
        raise
    except UnpicklingError as error:
        raise RestoraError(
            f"{path}: refused, because reading it could run code that somebody put into it ({shortened(str(error))});"
            " restora reads tensors only. Ask for a file with weights alone, or re-save its state dict where you trust it"
        ) from error
    except Exception as error:  # there is nothing that a damaged file could not make of its readers
        raise RestoraError(f"{path}: not a file of weights, or damaged; fetch it again") from error


def tensors_in(content: Any, path: Path) -> dict[str, Tensor]:
    """Find the state dict in the content of a file; see `read_tensors`.

    Raises:
        RestoraError: There is none.
    """
    tensors = _unwrap(content)
    if not tensors:
        raise RestoraError(f"{path}: holds no state dict (a mapping of names to tensors)")
    check_tensors(tensors, path)
    return _strip_prefixes(tensors)


def sha256_of(path: Path) -> str:
    """Return the checksum of a file, which is not read into memory for it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """Return a checksum of names, types, shapes and values, which safetensors itself has none of.

    Example:
        >>> checksum({"a": torch.zeros(2)}), checksum({"a": torch.zeros(3)})
        ('0baeddf5', '0b000ced')
    """
    found = 0
    for name, value in sorted(tensors.items()):
        found = zlib.crc32(f"{name} {value.dtype} {tuple(value.shape)}".encode(), found)
        found = zlib.crc32(value.cpu().reshape(-1).view(torch.uint8).numpy().data, found)
    return f"{found:08x}"


def checksums_in(path: Path) -> str | None:
    """Say where a file of weights has the checksums that are looked at when it is read, ``None`` if nowhere."""
    if kind_of(path) == "safetensors":
        with safe_open(path, "pt") as stream:
            return "its metadata" if CHECKSUM in (stream.metadata() or {}) else None
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        return "its parts" if any(entry.CRC for entry in archive.infolist()) else None


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    with safe_open(path, "pt") as stream:
        expected = (stream.metadata() or {}).get(CHECKSUM)
    tensors: dict[str, Tensor] = load_file(path)
    if expected is not None and checksum(tensors) != expected:
        raise RestoraError(f"{path}: damaged, its values have another checksum; fetch it again")
    return tensors


def _unwrap(content: Any, depth: int = 3) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        return {}
    for key in NESTED_UNDER if depth else ():
        if tensors := _unwrap(content.get(key), depth - 1):
            return tensors
    return {
        key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)
    }


def _strip_prefixes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    while prefix := next((p for p in PREFIXES if all(key.startswith(p) for key in tensors)), None):
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors
