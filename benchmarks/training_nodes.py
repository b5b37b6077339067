"""What many machines gain: seconds a step against nodes, bytes of gradients and bandwidth, from measured step times.

    python benchmarks/training_nodes.py [--way torch-bfloat16] [--teraflops 20]
    python benchmarks/training_nodes.py --check [--rates 20 50 200]

The first computes benchmarks/results/training_nodes.md from the times of a step in training_steps.md and the costs in
costs.md: nothing is run. A node computes its share, the crops of a step growing with the nodes, and takes part in a ring:
of gradients of G bytes each of N nodes sends 2 (N - 1) / N G, and of divided weights (fsdp) half as much again. Between
the two ends of each range lies how much of that goes on while gradients are still computed, two thirds of a step.

The second measures how well that holds, and writes training_nodes_check.md: two processes in network namespaces of their
own, a cable between them that lets so many megabits a second through (root, and iproute2), one step with and one without
exchange in turn.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from costs import parameters
from harness import RESULTS, ROOT, command_line, machine, table, write_results

sys.path.insert(0, str(ROOT / "tests"))  # for launching

BACKWARD = 2 / 3
"""Share of a step in which gradients are computed, and sent as they come."""
FLOAT32 = 4
TITLES = {"chair": "ChaIR", "kit": "KiT, 4 rounds", "derestormer": "DeRestormer", "dinat_ir": "DiNAT-IR"}
NODES = (1, 2, 4, 8, 16, 32)


def exchange(bytes_: float, members: int, gigabits: float, *, divided: bool = False) -> float:
    """Return the seconds that a ring of members takes, each with so many gigabits a second, to add up gradients.

    Example:
        >>> exchange(1e9, 2, 8.0)
        1.0
    """
    rounds = 3 if divided else 2  # weights are gathered twice, gradients scattered; or one of each
    return rounds * (members - 1) / members * bytes_ * 8 / (gigabits * 1e9)


def step(compute: float, exchanged: float) -> tuple[float, float]:
    """Return the seconds of a step where as much of the exchange as possible is hidden, and where nothing is."""
    return compute + max(0.0, exchanged - BACKWARD * compute), compute + exchanged


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--way", default="torch-bfloat16", help="of training_steps.md")
    parser.add_argument(
        "--teraflops", type=float, default=20, help="that a GPU sustains in a step; an assumption"
    )
    parser.add_argument("--gpus", type=int, default=8, help="in a node")
    parser.add_argument("--gigabits", type=float, nargs="+", default=[1, 10, 100], help="of a node's network")
    parser.add_argument("--inside", type=float, default=200, help="gigabits a second between GPUs of a node")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--rates", type=float, nargs="+", default=[20, 50, 200], help="megabits of --check")
    parser.add_argument("--rounds", type=int, default=7, help="of --check")
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments)
        return
    page = (RESULTS / "training_steps.md").read_text().splitlines()
    times = {row[0]: float(row[2]) / 1000 for row in rows_of(page) if row[1] == arguments.way}
    costs = {(row[0], row[1]): row for row in rows_of((RESULTS / "costs.md").read_text().splitlines())}
    lines = [
        f"Computed, not run, by `{shlex.join(['benchmarks/training_nodes.py', *sys.argv[1:]])}`.",
        "",
        "Milliseconds a step, from where the exchange of gradients is hidden as far as it can be to where none is, and the share"
        " of a node's time that is then spent on its crops, in data parallelism. The steps of one node were measured on a CPU, in"
        f" the way `{arguments.way}` of [training_steps.md](training_steps.md), 4 crops of 128x128. How well the arithmetic holds:"
        " [training_nodes_check.md](training_nodes_check.md).",
        "",
    ]
    heads = ("network", "gradients", "Gbit/s", *(f"{nodes} node{'s' * (nodes > 1)}" for nodes in NODES))
    found = []
    for name, title in TITLES.items():
        bytes_ = FLOAT32 * int(costs[name, "tiny"][2].replace(",", ""))
        for gigabits in arguments.gigabits:
            cells = [words(times[title], exchange(bytes_, nodes, gigabits)) for nodes in NODES]
            found.append((f"{title}, tiny", f"{bytes_ / 1e6:.1f} MB", f"{gigabits:g}", *cells))
    lines += table(heads, found, rule="---:")
    lines += [
        "",
        f"Nodes of {arguments.gpus} GPUs, base variants, 4 crops of 256x256 for each GPU. No GPU was measured: {arguments.teraflops:g}"
        f" TFLOP/s sustained in a step and {arguments.inside:g} Gbit/s between the GPUs of a node are assumptions (`--teraflops`,"
        f" `--inside`). `fsdp` exchanges half as much again.",
        "",
    ]
    found = []
    for name, title in TITLES.items():
        row = costs[name, "base"]
        bytes_ = FLOAT32 * int(row[2].replace(",", ""))
        compute = 4 * 3 * 2 * float(row[3]) / (1000 * arguments.teraflops)
        for divided in (False, True):
            for gigabits in arguments.gigabits:
                inside = exchange(bytes_, arguments.gpus, arguments.inside, divided=divided)
                cells = [
                    words(compute, inside + exchange(bytes_, nodes, gigabits, divided=divided))
                    for nodes in NODES
                ]
                kind = f"{title.partition(',')[0]}, base{', fsdp' if divided else ''}"
                found.append((kind, f"{bytes_ / 1e6:.1f} MB", f"{gigabits:g}", *cells))
    lines += table(heads, found, rule="---:")
    write_results("training_nodes.md", lines)


def words(compute: float, exchanged: float) -> str:
    """Say how long a step takes, and which share of that is spent on crops."""
    low, high = step(compute, exchanged)
    times = " - ".join(dict.fromkeys(f"{1000 * seconds:.0f}" for seconds in (low, high)))
    shares = " - ".join(dict.fromkeys(f"{100 * compute / seconds:.0f}" for seconds in (low, high)))
    return f"{times} ms, {shares} %"


def rows_of(page: list[str]) -> list[list[str]]:
    """Return the cells of all tables on a page."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in page if line.startswith("| ")]


def check(arguments: argparse.Namespace) -> None:
    """Measure steps of two nodes at several rates, and write what was expected of them beside."""
    from launching import TORCHRUN, environment, two_machines  # type: ignore[import-not-found]

    found = []
    for rate in arguments.rates:
        with tempfile.TemporaryDirectory() as folder, two_machines(megabits=rate) as machines:
            running = [
                subprocess.Popen(
                    [
                        *(
                            *machine,
                            "env",
                            "GLOO_SOCKET_IFNAME=eth0",
                            *TORCHRUN,
                            "--nnodes=2",
                            f"--node_rank={rank}",
                        ),
                        *("--nproc_per_node=1", "--master_addr=10.77.0.1", "--master_port=29500", __file__),
                        *("node", folder, str(arguments.rounds)),
                    ],
                    env={
                        **environment(),
                        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "benchmarks")]),
                    },
                )
                for rank, machine in enumerate(machines)
            ]
            ends = [process.wait(600) for process in running]
            if any(ends):
                raise SystemExit("a node has failed")
            compute, both, bytes_ = json.loads((Path(folder) / "measured.json").read_text())
        low, high = step(compute, exchange(bytes_, 2, rate / 1000))
        found.append(
            (
                f"{rate:g}",
                *(f"{1000 * seconds:.0f}" for seconds in (compute, low, high, both)),
                f"{bytes_ / 1e6:.1f}",
            )
        )
    heads = (
        "Mbit/s",
        "ms without exchange",
        "expected, hidden",
        "expected, not hidden",
        "measured",
        "gradients, MB",
    )
    lines = [
        "A step of ChaIR, tiny, 2 crops of 64x64 in each of two processes with a network of their own: float32, gloo, data"
        f" parallelism; {machine()}; medians of {arguments.rounds} steps with and without exchange, in turn. Written by"
        f" `benchmarks/training_nodes.py {shlex.join(sys.argv[1:])}`.",
        "",
        *table(heads, found, rule="---:"),
    ]
    write_results("training_nodes_check.md", lines)


def node(folder: Path, rounds: int) -> None:
    """Be one of the two nodes of `check`."""
    from accelerate import Accelerator

    from restora.networks import create_model
    from restora.training.loop import AllScales

    torch.set_num_threads(1)
    accelerator = Accelerator(cpu=True)
    network = create_model("chair", "tiny")
    module = accelerator.prepare(AllScales(network).train())
    x = torch.rand(2, 3, 64, 64)
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * rounds + 2):
        exchanged = number % 2 == 1
        accelerator.wait_for_everyone()
        start = time.perf_counter()
        with nullcontext() if exchanged else accelerator.no_sync(module):
            sum(scale.square().mean() for scale in module(x)).backward()
        taken = torch.tensor(time.perf_counter() - start)
        slowest = float(accelerator.gather(taken[None]).max())
        network.zero_grad()
        if number > 1:  # the first ones warm up
            times[exchanged].append(slowest)
    if accelerator.is_main_process:
        medians = [statistics.median(times[exchanged]) for exchanged in (False, True)]
        (folder / "measured.json").write_text(json.dumps([*medians, FLOAT32 * parameters(network)]))
    accelerator.end_training()


if __name__ == "__main__":
    if sys.argv[1:2] == ["node"]:
        node(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
