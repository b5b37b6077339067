import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass
class Run:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def restora_command(tmp_path, monkeypatch, capsys):
    """Run the command line in an empty folder, its output not being a terminal."""

    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["restora", *map(str, arguments)])
        from restora.commands.app import main

        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        return Run(int(exit_.value.code or 0), *capsys.readouterr())

    return run
