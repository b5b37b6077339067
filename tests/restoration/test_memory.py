import os
from pathlib import Path

import pytest
import torch

from restora import memory
from restora.restoration.memory import free_memory

CPU = torch.device("cpu")
GIB = 1024**3

MEMINFO = """\
MemTotal:       65831028 kB
MemFree:         1048576 kB
MemAvailable:    8388608 kB
Buffers:          123456 kB
"""


class Machine:
    """The files in which a made up Linux tells its memory."""

    def __init__(self, folder: Path) -> None:
        self.meminfo, self.container = folder / "meminfo", folder / "cgroup"
        self.process = folder / "statm"
        self.process.write_text("262144 100 100 1 0 100 0\n")
        self.container.mkdir()
        self.meminfo.write_text(MEMINFO)

    def limit(self, limit: str, used: int, statistics: str) -> None:
        (self.container / "memory.max").write_text(f"{limit}\n")
        (self.container / "memory.current").write_text(f"{used}\n")
        (self.container / "memory.stat").write_text(statistics)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setattr(memory, "_CONTAINER", machine.container)
    monkeypatch.setattr(
        memory, "Path", {"/proc/meminfo": machine.meminfo, "/proc/self/statm": machine.process}.get
    )
    return machine


def test_what_the_kernel_calls_available_counts(machine: Machine) -> None:
    assert free_memory(CPU) == 8 * GIB


def test_a_container_leaves_its_limit_less_what_it_cannot_give_up(machine: Machine) -> None:
    machine.limit(
        str(4 * GIB), 3 * GIB, f"anon {2 * GIB}\ninactive_file {GIB // 2}\nactive_file {GIB // 4}\n"
    )
    assert free_memory(CPU) == 4 * GIB - 3 * GIB + GIB // 2


def test_a_container_larger_than_the_machine_does_not_count(machine: Machine) -> None:
    machine.limit(str(100 * GIB), 3 * GIB, "inactive_file 0\n")
    assert free_memory(CPU) == 8 * GIB


@pytest.mark.parametrize("limit", ["max", ""])
def test_a_container_without_a_limit_does_not_count(machine: Machine, limit: str) -> None:
    machine.limit(limit, 3 * GIB, "inactive_file 0\n")
    assert free_memory(CPU) == 8 * GIB


def test_statistics_without_caches_are_understood(machine: Machine) -> None:
    machine.limit(str(4 * GIB), 3 * GIB, "anon 17\n")
    assert free_memory(CPU) == GIB


def test_a_container_beyond_its_limit_leaves_nothing(machine: Machine) -> None:
    machine.limit(str(GIB), 2 * GIB, "inactive_file 0\n")
    assert free_memory(CPU) == 0


def test_a_limit_of_the_process_leaves_what_it_does_not_hold(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getpagesize", lambda: 4096)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (3 * GIB, 3 * GIB))
    assert free_memory(CPU) == 2 * GIB
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (resource.RLIM_INFINITY,) * 2)
    assert free_memory(CPU) == 8 * GIB


def test_without_proc_half_of_the_physical_memory_counts(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.meminfo.unlink()
    monkeypatch.setattr(os, "sysconf_names", {"SC_PHYS_PAGES": 1, "SC_PAGE_SIZE": 2}, raising=False)
    monkeypatch.setattr(
        os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__, raising=False
    )
    assert free_memory(CPU) == 1000 * 4096 // 2


def test_a_machine_that_tells_nothing_is_trusted_with_two_gibibytes(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.meminfo.unlink()
    monkeypatch.delattr(os, "sysconf_names", raising=False)
    assert free_memory(CPU) == 2 * GIB


def test_an_old_kernel_that_does_not_say_what_is_available_is_asked_otherwise(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.meminfo.write_text("MemTotal: 65831028 kB\nMemFree: 1048576 kB\n")
    monkeypatch.delattr(os, "sysconf_names", raising=False)
    assert free_memory(CPU) == 2 * GIB


def test_a_graphics_card_counts_what_the_pool_of_torch_has_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3 * GIB, 8 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 2 * GIB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: GIB)
    assert free_memory(torch.device("cuda")) == 4 * GIB


def test_this_machine_has_memory() -> None:
    assert 0 < free_memory(CPU) < 2**50
