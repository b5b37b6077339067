import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from restora.errors import RestoraError
from restora.images import Photograph, write
from restora.layers import compiled
from restora.layers.compiled import compiles
from restora.networks.contract import Requirements
from restora.reproducibility import ENVIRONMENT
from restora.restoration import AutoRestorer, Restorer, engine, run_jobs
from restora.restoration.planning import Job

FIXED = {
    "weights": None,
    "device": "cpu",
    "precision": "float32",
    "tile": 512,
    "engine": "torch",
    "threads": 1,
}
EXAMPLE = Path(__file__).parents[2] / "examples/colosseum-noisy.png"


class Half(nn.Module):
    """Halves; runs out of memory where an image is larger than it likes."""

    requirements = Requirements(precisions=("float32", "bfloat16"))

    def __init__(self, largest=10_000):
        super().__init__()
        self.largest = largest

    def forward(self, x):
        if max(x.shape[2:]) > self.largest:
            raise MemoryError
        self.compiled = compiles(x)
        return x / 2


def test_what_depends_on_the_machine_is_fixed(monkeypatch):
    monkeypatch.setattr(engine, "computes_in_bfloat16", lambda device: True)
    monkeypatch.setattr(engine, "free_memory", lambda device: 10**6)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    image = np.zeros((20, 30, 3), np.uint8)
    as_it_comes = Restorer(Half())
    as_it_comes(image)
    assert (as_it_comes.used["precision"], as_it_comes.used["tile"]) == ("bfloat16", 256)
    fixed = Restorer(Half(), reproducible=True)
    fixed(image)
    assert fixed.used == FIXED
    chosen = Restorer(Half(), reproducible=True, tile=64, threads=2)
    chosen(image)
    assert chosen.used == FIXED | {"tile": 64, "threads": 2}
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize(
    "options", [{"precision": "bfloat16"}, {"device": "meta"}, {"engine": "openvino"}], ids=str
)
def test_what_differs_from_machine_to_machine_is_refused(options):
    (name,) = options
    with pytest.raises(RestoraError, match=rf"{name} \w+ differs from machine to machine; .* takes \w+"):
        Restorer(Half(), reproducible=True, **options)


def test_loops_that_are_compiled_for_this_processor_are_left_out(monkeypatch):
    monkeypatch.setattr(compiled, "NUMBA", True)
    for reproducible in (False, True):
        restorer = Restorer(Half(), precision="float32", reproducible=reproducible)
        restorer(np.zeros((20, 30, 3), np.uint8))
        (half,) = (module for module in restorer.engine.network.modules() if isinstance(module, Half))
        assert half.compiled is not reproducible


def test_tiles_do_not_become_smaller_by_themselves():
    image = np.zeros((600, 30, 3), np.uint8)
    smaller = Restorer(Half(300), tile=512)
    smaller(image)
    assert smaller.used["tile"] == 256
    with pytest.raises(RestoraError, match="takes no smaller tiles by itself; choose tile 256"):
        Restorer(Half(300), reproducible=True)(image)


def test_an_environment_that_leaves_instructions_free_is_said(monkeypatch, caplog):
    caplog.set_level(logging.WARNING, "restora")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    Restorer(Half(), reproducible=True)
    assert not caplog.records
    monkeypatch.delenv("MKL_CBWR")
    Restorer(Half(), reproducible=True)
    assert "unless torch is imported with ATEN_CPU_CAPABILITY=avx2" in caplog.text


def test_results_say_what_was_used(tmp_path):
    noisy = np.random.default_rng(0).normal(128, 25, (128, 128, 3)).clip(0, 255).astype(np.uint8)
    job = Job(write(tmp_path / "a.png", Photograph(noisy)), tmp_path / "b.png")
    (result,) = run_jobs([job], AutoRestorer(reproducible=True))
    (used,) = result.used
    assert used == FIXED | {"weights": used["weights"], "tile": used["tile"]}
    assert used["weights"].startswith("denoise")


@pytest.mark.slow
def test_other_instructions_and_threads_give_the_same_bytes(tmp_path):
    program = "from restora.commands.app import main; main()"
    machines = [
        {},
        {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "OMP_NUM_THREADS": "2"},
        {"MKL_CBWR": "SSE4_2", "OMP_NUM_THREADS": "3"},
    ]
    contents = set()
    for number, machine in enumerate(machines):
        target = tmp_path / f"{number}.png"
        options = ["--task", "denoise", "--reproducible", "-o", str(target)]
        subprocess.run(
            [sys.executable, "-c", program, "restore", str(EXAMPLE), *options],
            env={**os.environ, **machine},
            check=True,
        )
        contents.add(target.read_bytes())
    assert len(contents) == 1
