"""Programs and commands in several processes, by torchrun."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor

TORCHRUN = (sys.executable, "-m", "torch.distributed.run")
TESTS = Path(__file__).parent


def environment() -> dict[str, str]:
    """Variables by which the processes find these tests, compute in one thread each, and say where they crash."""
    places = [str(TESTS), str(TESTS / "training"), os.environ.get("PYTHONPATH", "")]
    settings = {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), **settings}


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


@contextmanager
def two_machines(megabits: float | None = None) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Make two network namespaces, 10.77.0.1 and 10.77.0.2, with a cable between them; needs root and iproute2.

    Args:
        megabits: That the cable lets through in a second, each way.

    Yields:
        What starts a command in each of them.
    """
    names = [f"restora{os.getpid()}{letter}" for letter in "ab"]

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True)

    try:
        for name in names:
            ip("netns", "add", name)
        cable = [f"r{os.getpid()}{letter}" for letter in "ab"]
        ip("link", "add", cable[0], "type", "veth", "peer", "name", cable[1])
        for number, (name, end) in enumerate(zip(names, cable, strict=True), start=1):
            ip("link", "set", end, "netns", name, "name", "eth0")
            for words in (
                ("addr", "add", f"10.77.0.{number}/24", "dev", "eth0"),
                ("link", "set", "eth0", "up"),
            ):
                ip("-n", name, *words)
            ip("-n", name, "link", "set", "lo", "up")
            if megabits is not None:
                limit = ("rate", f"{megabits}mbit", "burst", "64kb", "latency", "400ms")
                subprocess.run(
                    ["tc", "-n", name, "qdisc", "add", "dev", "eth0", "root", "tbf", *limit], check=True
                )
        a, b = (("ip", "netns", "exec", name) for name in names)
        yield a, b
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)
