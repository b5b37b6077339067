"""Networks that the tests of this folder share. Each refuses an input that its requirements do not allow."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import Tensor, nn

from restora.networks.contract import Requirements

MakeNetwork = Callable[..., nn.Module]
MakeImage = Callable[..., np.ndarray]


class Brighter(nn.Module):
    """Adds a number to each channel."""

    def __init__(self, change: tuple[float, float, float], **requirements: Any) -> None:
        super().__init__()
        self.change = change
        self.requirements = Requirements(**requirements)

    def forward(self, x: Tensor) -> Tensor:
        needs = self.requirements
        assert all(side % needs.multiple == 0 and side >= needs.min_size for side in x.shape[2:])
        return x + x.new_tensor(self.change)[:, None, None] if any(self.change) else x


@pytest.fixture(scope="session")
def identity() -> MakeNetwork:
    """Makes a network that changes nothing; the arguments are its requirements."""
    return lambda **requirements: Brighter((0, 0, 0), **requirements)


@pytest.fixture(scope="session")
def brighter() -> MakeNetwork:
    """Makes a network that adds a number to everything, or one to each of the three channels."""

    def make(change: float | tuple[float, float, float], **requirements: Any) -> nn.Module:
        return Brighter(change if isinstance(change, tuple) else (change,) * 3, **requirements)

    return make


@pytest.fixture(scope="session")
def make_image() -> MakeImage:
    """Makes an image of random values over the whole range of its type, [0, 1] for floats."""

    def make(shape: tuple[int, ...], dtype: str = "uint8", seed: int = 0) -> np.ndarray:
        random = np.random.default_rng(seed)
        kind = np.dtype(dtype)
        if kind.kind == "f":
            return random.random(shape).astype(kind)
        return random.integers(0, np.iinfo(kind).max, shape, endpoint=True).astype(kind)

    return make
