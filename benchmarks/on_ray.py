"""What Ray costs for each picture, whether memory stays flat, and a model of a million pictures on a hundred GPUs.

    python benchmarks/on_ray.py run [--pictures 2000] [--few 200] [--side 192] [--runs local ray1 ray2]
    python benchmarks/on_ray.py memory [--pictures 600] [--every 50] [--workers 1 2] [--side 192]
    python benchmarks/on_ray.py costs
    python benchmarks/on_ray.py page

`run` restores a folder of small pictures (PNG, task denoise, torch, one thread a worker) as `restora restore` does, here and on Ray with one
and two workers, each in a process of its own, few pictures and many: what a picture costs beyond starting is the difference of the two, by
the number of pictures between them. Processor time is that of the process and all below it, as the kernel counts it, looked at every half
second; the clock runs as well, and means little where the machine is busy. Memory is the proportional set of the same processes after each
tenth of the run. `memory` tells apart the command, its workers and the other processes of Ray. `costs` measures in this process's own time what a picture of 12 MP takes beside the network: reading JPEG, writing JPEG and PNG, and
planning. `page` writes benchmarks/results/on_ray.md from all, which lie in benchmarks/results/on_ray.json, with the model.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from harness import MIB, RESULTS, command_line, machine, table, write_results
from large_photograph import picture

from restora.atomic import write_file
from restora.images import Photograph, encode, read, write

LOOK = 0.5  # seconds between two looks at processes
TENTHS = 10
JSON = RESULTS / "on_ray.json"
OPTIONS = ("--task", "denoise", "--engine", "torch", "--threads", "1")
KINDS = ("command", "workers", "Ray", "processes")

PICTURES, MEGAPIXELS, GPUS, CORES_A_GPU = 1_000_000, 12.0, 100, 12
SPEEDS = (5.0, 20.0, 80.0)  # MP/s of one GPU: assumed
GPU_HOUR, GET, PUT = (
    1.0,
    0.4e-6,
    5e-6,
)  # dollars: of one GPU with its cores, of a GET or HEAD, of a PUT or LIST; assumed


def small_pictures(folder: Path, count: int, side: int) -> None:
    for i in range(count):
        values = np.random.default_rng(i).normal(128, 25, (side, side, 3))
        write(folder / f"{i:05d}.png", Photograph(np.rint(values.clip(0, 255)).astype(np.uint8)))


def processes(parent: psutil.Process) -> list[psutil.Process]:
    return [parent, *parent.children(recursive=True)]


def kind(process: psutil.Process, parent: psutil.Process) -> str:
    """Say whether a process is the command, one of its workers, or another one that Ray has started."""
    if process == parent:
        return "command"
    return "workers" if "BlockRestorer" in " ".join(process.cmdline()) else "Ray"


def watched(words: list[str], output: Path, count: int, parts: int = TENTHS) -> dict[str, Any]:
    """Run a command; return its seconds by the clock and of the processor, and its memory by kind after each part of the pictures."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "restora", *words]
    # In a session of its own, as Ray's processes are: the kernel divides a busy machine by sessions.
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    parent, spent = psutil.Process(running.pid), dict[tuple[int, float], float]()
    memory: list[dict[str, float]] = []
    while running.poll() is None:
        time.sleep(LOOK)
        done = len(list(output.glob("*.png"))) if output.exists() else 0
        due = done * parts >= (len(memory) + 1) * count
        held: dict[str, float] = {}
        for process in processes(parent):
            try:
                times = process.cpu_times()
                spent[process.pid, process.create_time()] = times.user + times.system
                if due:
                    name = kind(process, parent)
                    held[name] = held.get(name, 0) + process.memory_full_info().pss / MIB
                    held["processes"] = held.get("processes", 0) + 1
            except psutil.Error:  # it has ended
                continue
        if due and held.get("command"):  # it has not ended just now
            memory.append(held)
    assert running.returncode == 0, words
    assert len(list(output.glob("*.png"))) == count
    return {"clock": time.perf_counter() - begin, "processor": sum(spent.values()), "memory": memory}


def run(arguments: Any) -> None:
    ways = {"local": [], "ray1": ["--on", "ray", "--workers", "1"], "ray2": ["--on", "ray", "--workers", "2"]}
    found = json.loads(JSON.read_text()) if JSON.exists() else {}
    found |= {"side": arguments.side, "machine": machine()}  # and its load before
    with tempfile.TemporaryDirectory() as temporary:
        for count in (arguments.few, arguments.pictures):
            folder = Path(temporary) / str(count)
            small_pictures(folder, count, arguments.side)
            for way in arguments.runs:
                output = folder.with_name(f"{count}-{way}")
                took = watched(
                    ["restore", str(folder), "-o", str(output), *OPTIONS, *ways[way]], output, count
                )
                found.setdefault("runs", {}).setdefault(way, {})[str(count)] = took
                write_file(JSON, json.dumps(found, indent=1) + "\n")
                print(way, count, took, flush=True)
                shutil.rmtree(output)


def memory(arguments: Any) -> None:
    """Note what each kind of process holds while pictures are restored on Ray."""
    found = json.loads(JSON.read_text()) if JSON.exists() else {}
    found |= {"memory": {}, "memory_machine": machine(), "memory_every": arguments.every}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "in"
        small_pictures(folder, arguments.pictures, arguments.side)
        for workers in arguments.workers:
            output = folder.with_name(f"out{workers}")
            words = ["restore", str(folder), "-o", str(output), *OPTIONS, "--on", "ray"]
            took = watched(
                [*words, "--workers", str(workers)],
                output,
                arguments.pictures,
                arguments.pictures // arguments.every,
            )
            found["memory"][str(workers)] = took["memory"]
            write_file(JSON, json.dumps(found, indent=1) + "\n")
            print(workers, took["memory"], flush=True)


def costs(arguments: Any) -> None:
    import fsspec

    from restora.scale.planning import plan_orders

    photograph = picture(MEGAPIXELS)
    files = {suffix: encode(photograph, suffix) for suffix in ("jpg", "png")}

    def seconds(call: Any) -> float:
        begin = time.thread_time()
        call()
        return time.thread_time() - begin

    system = fsspec.filesystem("memory")
    names = 20_000
    system.pipe({f"/planned/{i}.jpg": b"" for i in range(names)})
    before = psutil.Process().memory_info().rss
    begin = time.process_time()
    orders, _ = plan_orders(["memory:///planned"], "memory:///out")
    planned = time.process_time() - begin
    measured = {
        "bytes": {suffix: len(content) for suffix, content in files.items()},
        "read": {suffix: min(seconds(lambda c=c: read(c)) for _ in range(3)) for suffix, c in files.items()},
        "write": {
            suffix: min(seconds(lambda s=suffix: encode(photograph, s)) for _ in range(3)) for suffix in files
        },
        "planning": planned / names,
        "order": (psutil.Process().memory_info().rss - before) / len(orders),
    }
    found = json.loads(JSON.read_text()) if JSON.exists() else {}
    found |= {"costs": measured, "costs_machine": machine()}
    write_file(JSON, json.dumps(found, indent=1) + "\n")
    print(measured)


def counts(runs: dict[str, Any]) -> tuple[int, int]:
    """Return the fewest and the most pictures of runs."""
    return min(map(int, runs)), max(map(int, runs))


def beyond_start(runs: dict[str, Any], clock: str) -> float:
    """Return seconds of a picture: the difference of many and few, by the number between."""
    few, many = counts(runs)
    return (float(runs[str(many)][clock]) - float(runs[str(few)][clock])) / (many - few)


def model(found: dict[str, Any], speed: float, suffix: str) -> tuple[str, ...]:
    """Return a line of the model: what a million pictures take, and what holds them up."""
    cost, runs = found["costs"], found["runs"]
    overhead = beyond_start(runs["ray1"], "processor") - beyond_start(runs["local"], "processor")
    beside = cost["read"]["jpg"] + cost["write"][suffix] + max(0.0, overhead)  # seconds of a core
    rates = {"GPUs": GPUS * speed / MEGAPIXELS, "cores": GPUS * CORES_A_GPU / beside}
    bottleneck = min(rates, key=lambda name: rates[name])
    rate = rates[bottleneck]
    hours = PICTURES / rate / 3600
    dollars = hours * GPUS * GPU_HOUR + PICTURES * (2 * GET + 2 * PUT)
    gbit = [8e-9 * rate * cost["bytes"][one] for one in ("jpg", suffix)]
    return (
        f"{speed:g}",
        suffix,
        f"{rates['GPUs']:.0f}",
        f"{rates['cores']:.0f}",
        bottleneck,
        f"{hours:.1f}",
        f"{dollars:,.0f}",
        f"{gbit[0]:.1f}",
        f"{gbit[1]:.1f}",
        f"{4 * rate:.0f}",
    )


def page(arguments: Any) -> None:
    found = json.loads(JSON.read_text())
    side = found["side"]
    local = {clock: beyond_start(found["runs"]["local"], clock) for clock in ("processor", "clock")}
    rows = []
    for way, runs in found["runs"].items():
        few, many = counts(runs)
        one = {clock: beyond_start(runs, clock) for clock in ("processor", "clock")}
        starting = runs[str(few)]["processor"] - few * one["processor"]
        memory = runs[str(many)].get("memory", [])
        rows.append(
            (
                {"local": "local", "ray1": "Ray, 1 worker", "ray2": "Ray, 2 workers"}[way],
                f"{few}, {many}",
                f"{1000 * one['processor']:.1f}",
                f"{one['processor'] / local['processor'] - 1:+.0%}",
                f"{1000 * one['clock']:.1f}",
                f"{starting:.0f}",
                " ".join(f"{sum(held.get(name, 0) for name in ('all', *KINDS[:3])):.0f}" for held in memory),
            )
        )
    cost = found["costs"]
    lines = [
        f"Few and many pictures of {side} x {side}, PNG, denoise-chair-tiny, torch, one thread a worker; {found['machine']},"
        " before. Written by `benchmarks/on_ray.py`, which says how.",
        "",
        *table(
            (
                "run",
                "pictures",
                "processor, ms a picture",
                "beyond local",
                "clock, ms a picture",
                "starting, processor s",
                "MiB after each tenth",
            ),
            rows,
            rule="---:",
        ),
        "",
        f"The same by kind ({found['memory_machine']}), in MiB after every {found['memory_every']} pictures:",
        "",
        *table(
            ("workers", *KINDS),
            [
                (workers, *(" ".join(f"{held.get(name, 0):.0f}" for held in parts) for name in KINDS))
                for workers, parts in found["memory"].items()
            ],
            rule="---:",
        ),
        "",
        f"Beside the network a picture of {MEGAPIXELS:g} MP takes, on one core ({found['costs_machine']}):",
        "",
        *table(
            ("", "read, s", "write, s", "MB"),
            [
                (
                    suffix,
                    *(f"{cost[stage][suffix]:.2f}" for stage in ("read", "write")),
                    f"{cost['bytes'][suffix] / 1e6:.1f}",
                )
                for suffix in ("jpg", "png")
            ],
            rule="---:",
        ),
        "",
        f"Planning takes {1e6 * cost['planning']:.0f} µs and {cost['order'] / 1000:.1f} kB a picture, on the machine that the command runs on.",
        "",
        f"The model: {PICTURES:,} JPEGs of {MEGAPIXELS:g} MP on {GPUS} GPUs with {CORES_A_GPU} cores each. Computed from the costs above, not run;"
        f" the speed of a GPU is assumed, there was none to measure, and so are prices: ${GPU_HOUR:g} for an hour of a GPU with its cores, ${1e6 * GET:.1f} for a million"
        f" HEAD or GET, ${1e6 * PUT:.0f} for a million LIST or PUT (one of each for a picture).",
        "",
        *table(
            (
                "MP/s of a GPU, assumed",
                "written as",
                "pictures/s of the GPUs",
                "of the cores",
                "bottleneck",
                "hours",
                "$",
                "Gbit/s read",
                "written",
                "requests/s",
            ),
            [model(found, speed, suffix) for speed in SPEEDS for suffix in ("jpg", "png")],
            rule="---:",
        ),
    ]
    write_results("on_ray.md", lines)


def main() -> None:
    parser = command_line(__doc__)
    parts = parser.add_subparsers(required=True)
    for call in (run, memory, costs, page):
        part = parts.add_parser(call.__name__)
        part.set_defaults(call=call)
        if call is run:
            part.add_argument("--pictures", type=int, default=2000)
            part.add_argument("--few", type=int, default=200)
            part.add_argument("--side", type=int, default=192)
            part.add_argument("--runs", nargs="+", default=["local", "ray1", "ray2"])
        if call is memory:
            part.add_argument("--pictures", type=int, default=600)
            part.add_argument("--every", type=int, default=50)
            part.add_argument("--side", type=int, default=192)
            part.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    arguments.call(arguments)


if __name__ == "__main__":
    main()
