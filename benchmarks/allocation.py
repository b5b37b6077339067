"""What keeping freed memory (`restora.allocation`) gives: processor time of a tile, user and system, for every network.

    python benchmarks/allocation.py [--side 512] [--rounds 3]

Each network (`tiny`, fresh weights, float32) restores one tile in a process of its own, with and without, in turn; the second tile of a
process counts, for the first one sets up kernels. Processor time does not depend on what else runs, as far as processes do not take
one another's caches. Peaks are those of the resident set of the whole process. Writes benchmarks/results/allocation.md.
"""

import json
import resource
import statistics

from harness import MIB, command_line, in_own_process, machine, table, write_results

HEADS = (
    "network",
    "user s",
    "system s",
    "user s, kept",
    "system s, kept",
    "time, kept / not",
    "peak MiB",
    "peak MiB, kept",
)


def tile_measured(name: str, side: int, kept: bool) -> None:
    """Restore a tile twice in this process; print user and system seconds of the second, and the peak in MiB."""
    from restora.allocation import keep_freed_memory

    if kept:
        keep_freed_memory()
    import torch

    from restora.networks import create_model
    from restora.restoration.engine import build_engine

    torch.manual_seed(0)
    torch.set_num_threads(1)
    engine = build_engine(create_model(name, "tiny"), precision="float32", device="cpu")
    x = torch.rand(1, 3, side, side)
    engine.residual(x)
    before = resource.getrusage(resource.RUSAGE_SELF)
    engine.residual(x)
    after = resource.getrusage(resource.RUSAGE_SELF)
    times = (after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime)
    print(json.dumps([*times, after.ru_maxrss * 1024 / MIB]))


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows = []
    for name in ("chair", "kit", "dinat_ir", "derestormer"):
        runs: dict[bool, list[list[float]]] = {False: [], True: []}
        for _ in range(arguments.rounds):
            for kept, results in runs.items():
                results.append(in_own_process("allocation", "tile_measured", name, arguments.side, kept))
        (user, system, peak), (user_kept, system_kept, peak_kept) = (
            [statistics.median(column) for column in zip(*results, strict=True)] for results in runs.values()
        )
        seconds = [f"{value:.2f}" for value in (user, system, user_kept, system_kept)]
        ratio = (user_kept + system_kept) / (user + system)
        rows.append((name, *seconds, f"{ratio:.2f}", f"{peak:.0f}", f"{peak_kept:.0f}"))
        print(*rows[-1], flush=True)
    lines = [
        f"Tiles of {arguments.side} x {arguments.side}, `tiny`, float32, one thread, medians of {arguments.rounds}; {machine()}."
        " Written by `benchmarks/allocation.py`, which says how.",
        "",
    ]
    write_results("allocation.md", [*lines, *table(HEADS, rows, rule="---:")])


if __name__ == "__main__":
    main()
