"""Threads: what a made up Linux says of its groups, its load, and what is chosen for it."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from restora import threads as threads_module
from restora.commands import app
from restora.errors import RestoraError
from restora.restoration import Restorer
from restora.threads import (
    available_cores,
    check_threads,
    chosen_threads,
    computing_threads,
    container_cores,
    free_threads,
    others_load,
)


def made_up(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


GROUPS: dict[str, tuple[dict[str, str], float]] = {
    "version 2, at the root of a container": (
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"},
        1.5,
    ),
    "version 2, no limit": (
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"},
        math.inf,
    ),
    "version 2, the smallest of all from the own to the outermost": (
        {
            "proc/self/cgroup": "0::/user.slice/app.scope\n",
            "sys/fs/cgroup/user.slice/app.scope/cpu.max": "800000 100000\n",
            "sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n",
        },
        3,
    ),
    "version 2, another branch does not count": (
        {"proc/self/cgroup": "0::/mine\n", "sys/fs/cgroup/other/cpu.max": "100000 100000\n"},
        math.inf,
    ),
    "version 1": (
        {
            "proc/self/cgroup": "12:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n0::/\n",
            "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us": "250000\n",
            "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us": "50000\n",
        },
        5,
    ),
    "version 1, the path is that of outside, the files are at the root": (
        {
            "proc/self/cgroup": "4:cpuacct,cpu:/docker/a\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        2,
    ),
    "version 1, no limit": (
        {
            "proc/self/cgroup": "1:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        math.inf,
    ),
    "the accounting of processors is no limit": (
        {
            "proc/self/cgroup": "1:cpuacct:/\n",
            "sys/fs/cgroup/cpuacct/cpu.cfs_quota_us": "100000\n",
            "sys/fs/cgroup/cpuacct/cpu.cfs_period_us": "100000\n",
        },
        math.inf,
    ),
    "no groups": ({}, math.inf),
}


@pytest.mark.parametrize(("files", "cores"), GROUPS.values(), ids=GROUPS.keys())
def test_the_cores_of_a_container(tmp_path: Path, files: dict[str, str], cores: float) -> None:
    assert container_cores(root=made_up(tmp_path, files)) == cores


@pytest.mark.parametrize(
    ("bound", "quota", "cores"),
    [(8, "max", 8), (8, "250000", 3), (2, "250000", 2), (8, "20000", 1), (1, "max", 1)],
)
def test_cores_are_those_bound_to_and_paid_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: int, quota: str, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(bound)), raising=False)
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": f"{quota} 100000\n"}
    assert available_cores(root=made_up(tmp_path, files)) == cores


def test_without_affinity_all_cores_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert available_cores(root=tmp_path) == 6


@pytest.mark.parametrize(
    ("text", "load"),
    [
        ("0.00 0.00 0.00 1/100 4711\n", 0),
        ("3.00 2.00 1.00 6/100 4711\n", 3),  # five others now, three in the mean
        ("3.00 2.00 1.00 1/100 4711\n", 0),  # what kept it busy is over
        ("3.00 2.00 1.00 0/100 4711\n", 0),
    ],
)
def test_the_load_is_that_of_others(tmp_path: Path, text: str, load: float) -> None:
    assert others_load(root=made_up(tmp_path, {"proc/loadavg": text})) == load


def test_own_threads_are_not_others(tmp_path: Path) -> None:
    stats = {1: "1 (restora) R 0", 2: "2 (decode) (R)) S 0", 3: "3 (encode) R 0"}
    files = {f"proc/self/task/{number}/stat": text for number, text in stats.items()}
    assert others_load(root=made_up(tmp_path, {"proc/loadavg": "9.00 2.00 1.00 6/100 4711\n", **files})) == 4


def test_elsewhere_the_mean_counts_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (1.5, 0, 0), raising=False)
    assert others_load(root=tmp_path) == 1.5
    monkeypatch.delattr(os, "getloadavg")
    assert others_load(root=tmp_path) == 0


@pytest.mark.parametrize(
    ("cores", "load", "quota", "usual", "chosen"),
    [
        (2, 0, "max", 2, 2),
        (2, 0.5, "max", 2, 2),
        (2, 1, "max", 2, 1),
        (2, 16, "max", 2, 1),
        (16, 0, "max", 16, 16),
        (16, 4, "max", 16, 13),
        (16, 16, "max", 16, 8),
        (16, 160, "max", 16, 1),
        (64, 30, "200000", 64, 2),  # the machine is half busy, but two cores are idle
        (64, 64, "200000", 64, 1),
        (16, 0, "max", 8, 8),  # torch takes one thread a core, not one a hardware thread
        (16, 8, "max", 8, 8),
        (16, 0, "max", 1, 1),
    ],
)
def test_what_is_chosen(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    load: float,
    quota: str,
    usual: int,
    chosen: int,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": f"{quota} 100000\n",
        "proc/loadavg": f"{load} 0 0 {int(load) + 2}/300 1\n",
    }
    assert free_threads(usual, root=made_up(tmp_path, files)) == chosen


@pytest.mark.parametrize("threads", [0, -1, 1025, 2.0, "many", "2", True])
def test_impossible_numbers_are_refused(threads: Any) -> None:
    message = f"threads must be a number from 1 to 1024 or 'auto', got {threads!r}"
    with pytest.raises(RestoraError, match=message):
        check_threads(threads)
    with pytest.raises(RestoraError, match=message):
        Restorer("denoise-chair-tiny", threads=threads)


class Asked(torch.nn.Module):
    """Notes the number of threads that it runs with."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def __deepcopy__(self, memo: object) -> "Asked":
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(torch.get_num_threads())
        return x


@pytest.mark.parametrize(("threads", "used"), [(3, 3), (1, 1), (None, 2), ("auto", 5)])
def test_a_restorer_computes_with_its_threads_and_gives_them_back(
    monkeypatch: pytest.MonkeyPatch, threads: Any, used: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads_module, "free_threads", lambda usual: 5)
    threads_module._free_threads.cache_clear()
    asked = Asked()
    with computing_threads(2):
        Restorer(asked, threads=threads, device="cpu", tile=None)(torch.zeros(3, 8, 8))
        assert torch.get_num_threads() == 2
    assert set(asked.seen) == {used}


def test_the_machine_is_looked_at_once_for_many_small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    now, found = [100.0], [3]
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads_module, "free_threads", lambda usual: found[0])
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    threads_module._free_threads.cache_clear()
    assert chosen_threads("auto") == 3
    now[0], found[0] = 104.0, 4
    assert chosen_threads("auto") == 3
    now[0] = 105.0
    assert chosen_threads("auto") == 4
    threads_module._free_threads.cache_clear()


def test_threads_are_given_back_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), computing_threads(before + 2):
        raise KeyError
    assert torch.get_num_threads() == before


def test_what_the_user_told_openmp_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setattr(threads_module, "free_threads", lambda usual: 5)
    with computing_threads(2), computing_threads("auto"):
        assert torch.get_num_threads() == 2


@pytest.mark.parametrize(
    ("command", "free", "policy"),
    [("restore", 2, "passive"), ("train", 2, None), ("train", 1, "passive"), ("--debug train", 2, None)],
)
def test_training_waits_actively_where_the_cores_are_free(
    command: str, free: int, policy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setattr(threads_module, "available_cores", lambda: 2)
    monkeypatch.setattr(threads_module, "free_threads", lambda usual: free)
    monkeypatch.setattr(sys, "argv", ["restora", *command.split()])
    monkeypatch.setattr(app, "app", sys.exit)
    with pytest.raises(SystemExit):
        app.main()
    assert os.environ.get("OMP_WAIT_POLICY") == policy


@pytest.mark.parametrize(("given", "policy"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "active"}, "ACTIVE")])
def test_the_command_line_waits_passively_unless_told_otherwise(given: dict[str, str], policy: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    code = "import sys; sys.argv[1:] = ['models', '--json']; from restora.commands.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, **given, "OMP_DISPLAY_ENV": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    if "OMP_WAIT_POLICY" not in done.stderr:
        pytest.skip("this torch brings an OpenMP that does not show its settings")
    assert f"OMP_WAIT_POLICY = '{policy}'" in done.stderr
