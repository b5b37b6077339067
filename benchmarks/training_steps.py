"""What a training step gains by compiled loops, bfloat16 and torch.compile, and where its time goes: all in turn.

    python benchmarks/training_steps.py [--networks chair ...] [--ways torch loops ...] [--threads 1] [--rounds 5]

Network, loss, gradients and fused AdamW on one batch, the tiny variants. Each network takes a step in every way, again
and again; the ratio to torch's own operations in float32 is that of each round. The time is that which the calling
thread computes, so that other work on the machine counts less; with several threads it is the clock's. GFLOP/s are
three times the multiply-adds of the forward pass, times two, by this time. torch.compile takes minutes for a network;
its page is another: --ways loops compile compile-bfloat16 --page training_steps_compiled.md. Pages lie in
benchmarks/results. How other work slows a step down, by threads that wait passively or spin: OMP_WAIT_POLICY=passive (or active) and
--ways loops --threads 2 --beside 2.

The floor of the first way: its multiply-adds at the speed of a 3x3 convolution 64 -> 64 of 256x256, and what its operations read and
write (each tensor once an operation, views not counted) at the speed of adding two maps of the network's width and the crop's size.
What a step takes beyond their sum is what starting operations and hardly vectorised arithmetic cost.
"""

import argparse
import os
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from floors import FLOOR_HEADS, floor, profiled
from harness import command_line, interleaved, machine, ratio, spinning, table, write_results
from torch.utils.flop_counter import FlopCounterMode
from training import BareLoop, build_recipe, made_up_photographs

from restora.layers import compiled

NETWORKS: dict[str, tuple[str, dict[str, int]]] = {
    "ChaIR": ("chair", {}),
    "KiT, 1 round": ("kit", {"rounds": 1}),
    "KiT, 4 rounds": ("kit", {}),
    "DeRestormer": ("derestormer", {}),
    "DiNAT-IR": ("dinat_ir", {}),
}
WAYS = {
    "torch": (False, torch.float32, False),
    "loops": (True, torch.float32, False),
    "torch-bfloat16": (False, torch.bfloat16, False),
    "loops-bfloat16": (True, torch.bfloat16, False),
    "compile": (True, torch.float32, True),
    "compile-bfloat16": (True, torch.bfloat16, True),
}
"""Name -> whether loops are compiled by Numba (the extra `fast`), the precision, and whether torch.compile is used."""


def main() -> None:
    parser = command_line(__doc__)
    names = sorted({architecture for architecture, _ in NETWORKS.values()})
    parser.add_argument("--networks", nargs="+", default=names, choices=names)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--page", default="training_steps.md")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--beside", type=int, default=0, help="spinning processes that run at the same time")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patch", type=int, default=128)
    parser.add_argument("--batch", type=int, default=4)
    arguments = parser.parse_args()
    if not compiled.NUMBA:
        parser.error("Numba is missing; pip install 'restora[fast]'")
    torch.set_num_threads(arguments.threads)
    rows: list[tuple[str, ...]] = []
    floors: list[tuple[str, ...]] = []
    remarks: list[str] = []
    with tempfile.TemporaryDirectory() as folder, spinning(arguments.beside):
        photos = made_up_photographs(Path(folder) / "photos")
        size = {"patch": arguments.patch, "batch": arguments.batch}
        recipes = {
            name: build_recipe(photos, architecture, "tiny", **size, overrides=overrides)
            for name, (architecture, overrides) in NETWORKS.items()
            if architecture in arguments.networks
        }
        ways = {
            name: {
                way: _step(BareLoop(recipe, WAYS[way][1]), way, f"{name}, {way}", remarks)
                for way in arguments.ways
            }
            for name, recipe in recipes.items()
        }  # all that is to be compiled is, before anything is timed
        for name, steps in ways.items():
            rows += _rows(name, steps, _arithmetic(BareLoop(recipes[name])), arguments)
            bare = BareLoop(recipes[name])
            like = torch.empty(len(bare.degraded), bare.network.config.width, *bare.degraded.shape[2:])
            floors.append((name, *floor(steps[arguments.ways[0]], _arithmetic(bare), like)))
            remarks += ["", f"{name}, {arguments.ways[-1]}:", "", *profiled(steps[arguments.ways[-1]])]
    wait = os.environ.get("OMP_WAIT_POLICY")
    policy = f"OMP_WAIT_POLICY={wait} " if wait else ""
    clock = "time of the computing thread" if arguments.threads == 1 else "time by the clock"
    heads = ("network", "way", "ms a step", "times as fast", "crops/s", "GFLOP/s")
    write_results(
        arguments.page,
        [
            f"Batches of {arguments.batch} crops of {arguments.patch}x{arguments.patch}, tiny variants; {machine()}; {clock},"
            f" medians of {arguments.rounds} steps of each, in turn. Written by"
            f" `{policy}python benchmarks/training_steps.py {shlex.join(sys.argv[1:])}`.",
            "",
            *table(heads, rows, rule="---:"),
            "",
            f"Floor of a step, {arguments.ways[0]}:",
            "",
            *table(FLOOR_HEADS, floors, rule="---:"),
            *remarks,
        ],
    )


def _step(loop: BareLoop, way: str, title: str, remarks: list[str]) -> Callable[[], None]:
    """Return a step in one of the ways; what is compiled takes its first."""
    loops, _, compiles = WAYS[way]
    step = partial(_with_loops, loops, loop.step)
    if compiles:
        loop.module.compile()
        start = time.perf_counter()
        step()
        remarks += ["", f"{title}: compiled in {time.perf_counter() - start:.0f} s by the clock."]
    return step


def _with_loops(loops: bool, step: Callable[[], None]) -> None:
    compiled.NUMBA = loops
    try:
        step()
    finally:
        compiled.NUMBA = True


def _arithmetic(loop: BareLoop) -> int:
    """Return the operations of a step: those of the forward pass, and twice as many for the gradients."""
    with FlopCounterMode(display=False) as counter:
        loop.module(loop.degraded)
    return 3 * int(counter.get_total_flops())


def _rows(
    name: str, steps: dict[str, Callable[[], None]], operations: int, arguments: argparse.Namespace
) -> list[tuple[str, ...]]:
    clock = time.thread_time if arguments.threads == 1 else time.perf_counter
    times = interleaved(steps, arguments.rounds, clock)
    rows: list[tuple[str, ...]] = []
    for way, found in times.items():
        step = statistics.median(found)
        faster = ratio(times[arguments.ways[0]], found)
        numbers = 1000 * step, arguments.batch / step, operations / step / 1e9
        rows.append(
            (name, way, f"{numbers[0]:.0f}", f"{faster:.2f}", f"{numbers[1]:.1f}", f"{numbers[2]:.0f}")
        )
    return rows


if __name__ == "__main__":
    main()
