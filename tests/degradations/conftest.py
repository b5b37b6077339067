from collections.abc import Callable

import pytest
import torch


@pytest.fixture
def generator() -> Callable[[int], torch.Generator]:
    """A generator on the CPU, by its seed."""
    return lambda seed: torch.Generator().manual_seed(seed)
