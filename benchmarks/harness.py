"""Benchmark harness: command lines, time and memory of a call and of a process, the machine in words, tables and pages of results."""

import argparse
import ctypes
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from restora.atomic import write_file
from restora.layers.precision import computes_in_bfloat16

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks/results"
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
MIB = 2**20


def command_line(description: str | None) -> argparse.ArgumentParser:
    """Begin a command line whose help is a module's docstring, line by line."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def seconds(call: Callable[[], object], count: int = 1) -> float:
    """Return the mean time of a call; clocks of a GPU are read when it has finished."""
    start = time.perf_counter()
    for _ in range(count):
        call()
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / count


def interleaved(
    calls: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Return the times of calls in every round, all in turn in each; what comes first warms up and is not counted."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            start = clock()
            call()
            if DEVICE.type == "cuda":
                torch.cuda.synchronize()
            if number:
                found[name].append(clock() - start)
    return found


def ratio(times: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the ratios of times that were measured in the same round."""
    return statistics.median(a / b for a, b in zip(times, others, strict=True))


def peak_memory(call: Callable[[], object]) -> int:
    """Return the bytes that a call takes at most beyond what is there before it: of the resident set, or on the GPU."""
    gc.collect()
    if DEVICE.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        return torch.cuda.max_memory_allocated() - before
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
    before = _resident("VmRSS:")
    call()
    return _resident("VmHWM:") - before


def in_own_process(module: str, function: str, *arguments: object) -> Any:
    """Call a function of a benchmark in a process of its own and return what it prints last, as JSON.

    Args:
        module: Name of the benchmark's file.
        function: In it; prints its answer.
        arguments: Of the function, as plain values.
    """
    code = f"import {module}; {module}.{function}(*{arguments!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT / "benchmarks"
    )
    return json.loads(done.stdout.splitlines()[-1])


def processor_seconds(arguments: Sequence[str], folder: str, **environment: str) -> float:
    """Run Python with these arguments in a folder, in silence; return user and system time of the process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def spinning(processes: int) -> Iterator[None]:
    """Keep cores busy for the time of a block, by processes that do nothing else and end with this one, even if it is killed."""
    code = f"import os\nwhile os.getppid() == {os.getpid()}: pass"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def machine() -> str:
    """Describe what a benchmark runs on, and how busy it is."""
    name = torch.cuda.get_device_name() if DEVICE.type == "cuda" else "CPU"
    bfloat16 = "in hardware" if computes_in_bfloat16(DEVICE) else "emulated"
    return (
        f"{name}, {torch.get_num_threads()} threads, bfloat16 {bfloat16}, torch {torch.__version__}, load"
        f" {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )


def table(heads: Sequence[str], rows: Iterable[Iterable[object]], *, rule: str = "---") -> list[str]:
    """Return the lines of a table in Markdown.

    Args:
        heads: Heads of the columns, the first may be empty.
        rows: Cells as they are to be printed.
        rule: Below the heads of all columns but the first; ``---:`` aligns numbers to the right.
    """
    return [
        f"| {' | '.join(heads)} |".replace("|  |", "| |", 1),
        "|---|" + f"{rule}|" * (len(heads) - 1),
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]


def write_results(name: str, lines: Sequence[str]) -> None:
    """Write a page of results and print it."""
    text = "\n".join(lines) + "\n"
    write_file(RESULTS / name, text)
    print(text, end="")


def _resident(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))
