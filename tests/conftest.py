import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault(
    "TRITON_INTERPRET", "1"
)  # before anything imports Triton: its kernels run without a card

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # for golden.py

collect_ignore = ["toys"]  # what tests of the registries add, and take out again

torch.set_num_threads(1)  # pytest-xdist already uses every core


@pytest.fixture
def toy_network() -> Iterator[None]:
    """Register the toy network for a test."""
    from models import TOY

    from restora.networks import ARCHITECTURES, register

    register(TOY)
    yield
    del ARCHITECTURES[TOY.name]
