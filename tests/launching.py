"""Programs and commands in several processes, by torchrun."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

TORCHRUN = (sys.executable, "-m", "torch.distributed.run")
TESTS = Path(__file__).parent


def environment() -> dict[str, str]:
    """Variables by which the processes find these tests and compute in one thread each."""
    places = [str(TESTS), str(TESTS / "training"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"}


def torchrun(program: str, folder: Path, *arguments: object, processes: int = 2) -> str:
    """Run a program of Python in several processes; return what they print."""
    file = folder / "program.py"
    file.write_text(program)
    launch = (*TORCHRUN, "--standalone", f"--nproc_per_node={processes}", file, folder, *arguments)
    done = subprocess.run(
        [str(word) for word in launch],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-12000:]
    return done.stdout


def distance(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """Return the 2-norm of the difference between two sets of tensors."""
    return sum(float((value - other[name]).float().square().sum()) for name, value in one.items()) ** 0.5
