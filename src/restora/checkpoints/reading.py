"""Reading of files of weights, without ever executing anything in them."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from restora.errors import RestoraError

NESTED_UNDER = ("params_ema", "ema", "params", "state_dict", "model_state_dict", "model", "net", "network")
"""Keys under which training code files its weights, the better ones first."""

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
    return _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)


def tensors_in(content: Any, path: Path) -> dict[str, Tensor]:
    """Find the state dict in the content of a file; see `read_tensors`.

    Raises:
        RestoraError: There is none.
    """
    tensors = _unwrap(content)
    if not tensors:
        raise RestoraError(f"{path}: holds no state dict (a mapping of names to tensors)")
    return _strip_prefixes(tensors)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise RestoraError(f"{path}: not a safetensors file, or damaged; fetch it again") from error


def _read_torch(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise RestoraError(
            f"{path}: refused, because reading it could run code that somebody put into it; restora reads tensors only."
            " Ask for a file with weights alone, or re-save its state dict where you trust it"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, IndexError) as error:
        raise RestoraError(f"{path}: not a file of weights, or damaged; fetch it again") from error


def _unwrap(content: Any) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        return {}
    for key in NESTED_UNDER:
        if isinstance(content.get(key), Mapping) and (tensors := _unwrap(content[key])):
            return tensors
    return {key: value for key, value in content.items() if isinstance(value, Tensor)}


def _strip_prefixes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    while prefix := next((p for p in PREFIXES if all(key.startswith(p) for key in tensors)), None):
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors
