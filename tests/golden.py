"""The rule that fills a state dict for the golden vectors, and where the vectors lie."""

import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch

DATA = Path(__file__).parent / "data"
Rule = Callable[[str, tuple[int, ...]], tuple[float, float] | None]


def filled(name: str, shape: tuple[int, ...], rule: Rule) -> torch.Tensor:
    """Return the tensor that the golden rule gives the official key ``name``."""
    offset_scale = rule(name, shape)
    if offset_scale is None:
        return torch.zeros(shape, dtype=torch.int64)
    offset, scale = offset_scale
    i = np.arange(1, prod(shape) + 1, dtype=np.int64)
    wave = np.sin(0.7391 * ((i * i) % 65521) + 0.37 * (zlib.crc32(name.encode("ascii")) % 1000))
    return torch.from_numpy((offset + scale * wave).astype(np.float32).reshape(shape))


def load(name: str) -> Any:
    """Open an ``.npz`` below tests/data."""
    return np.load(DATA / name, allow_pickle=False)


def tensor(array: Any) -> torch.Tensor:
    """Return an array of a vector file as a tensor."""
    return torch.from_numpy(np.asarray(array))
