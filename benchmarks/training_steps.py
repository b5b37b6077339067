"""What a training step gains by compiled loops, and where its time goes: with and without them in turn, in one process.

    python benchmarks/training_steps.py [--threads 1] [--rounds 5] [--patch 128] [--batch 4]

Network, loss, gradients and fused AdamW on one batch, float32, the tiny variants. Each network takes a step with the
loops (the extra `fast`) and one in torch's own operations, again and again; the ratio is that of each round. The time is
that which the calling thread computes, so that other work on the machine counts less; with several threads it is the
clock's. Writes benchmarks/results/training_steps.md.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from harness import command_line, machine, table, write_results
from torch.profiler import ProfilerActivity, profile
from training import BareLoop, build_recipe, made_up_photographs

from restora.layers import compiled

NETWORKS: dict[str, tuple[str, dict[str, int]]] = {
    "DeRestormer": ("derestormer", {}),
    "DiNAT-IR": ("dinat_ir", {}),
    "KiT, 1 round": ("kit", {"rounds": 1}),
    "ChaIR": ("chair", {}),
}
SHOWN = 8


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patch", type=int, default=128)
    parser.add_argument("--batch", type=int, default=4)
    arguments = parser.parse_args()
    if not compiled.NUMBA:
        parser.error("Numba is missing; pip install 'restora[fast]'")
    torch.set_num_threads(arguments.threads)
    clock = time.thread_time if arguments.threads == 1 else time.perf_counter
    rows, profiles = [], []
    with tempfile.TemporaryDirectory() as folder:
        photos = made_up_photographs(Path(folder) / "photos")
        for name, (architecture, overrides) in NETWORKS.items():
            recipe = build_recipe(
                photos,
                architecture,
                "tiny",
                patch=arguments.patch,
                batch=arguments.batch,
                overrides=overrides,
            )
            loop = BareLoop(recipe)
            times: dict[bool, list[float]] = {True: [], False: []}
            for number in range(arguments.rounds + 1):
                for loops, found in times.items():
                    taken = _timed(loop.step, loops, clock)
                    if number:  # the first compiles and warms up
                        found.append(taken)
            ratio = statistics.median(plain / fast for plain, fast in zip(*_both(times), strict=True))
            plain, fast = (statistics.median(found) for found in _both(times))
            rows.append(
                (
                    name,
                    f"{1000 * plain:.0f}",
                    f"{1000 * fast:.0f}",
                    f"{ratio:.2f}",
                    f"{arguments.batch / fast:.1f}",
                )
            )
            profiles += ["", f"{name}, with the loops:", "", *_profile(loop.step)]
    heads = ("network", "plain, ms a step", "compiled, ms a step", "ratio", "crops a second, compiled")
    clock_name = "time of the computing thread" if arguments.threads == 1 else "time by the clock"
    write_results(
        "training_steps.md",
        [
            f"Batches of {arguments.batch} crops of {arguments.patch}x{arguments.patch}, tiny variants, float32;"
            f" {machine()}; {clock_name}, medians of {arguments.rounds} steps of each, in turn. Written by"
            f" `benchmarks/training_steps.py --threads {arguments.threads}`.",
            "",
            *table(heads, rows, rule="---:"),
            *profiles,
        ],
    )


def _both(times: dict[bool, list[float]]) -> tuple[list[float], list[float]]:
    return times[False], times[True]


def _timed(step: Callable[[], None], loops: bool, clock: Callable[[], float]) -> float:
    compiled.NUMBA = loops
    try:
        start = clock()
        step()
        return clock() - start
    finally:
        compiled.NUMBA = True


def _profile(step: Callable[[], None]) -> list[str]:
    """Return the operations that take most of a step by themselves."""
    with profile(activities=[ProfilerActivity.CPU]) as measured:
        step()
    found = sorted(measured.key_averages(), key=lambda e: e.self_cpu_time_total, reverse=True)
    total = sum(event.self_cpu_time_total for event in found)
    rows = [
        (f"`{e.key[:60]}`", e.count, f"{100 * e.self_cpu_time_total / total:.0f} %") for e in found[:SHOWN]
    ]
    return table(("operation", "calls", "share"), rows, rule="---:")


if __name__ == "__main__":
    main()
