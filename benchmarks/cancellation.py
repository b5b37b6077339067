"""How soon a cancelled tile ends, and what asking costs: the longest time between two questions within a tile, for every network.

    python benchmarks/cancellation.py [--side 512] [--rounds 3]

Each network (`tiny`, fresh weights, float32, torch) restores one tile with one thread in a process of its own. Times are processor time
of that thread, which does not depend on what else runs, as far as processes do not take one another's caches; tiles with and without
questions take turns, and the first one of each, which sets up kernels, does not count. Writes benchmarks/results/cancellation.md.
"""

import json
import statistics
import time
from itertools import pairwise

from harness import command_line, in_own_process, machine, table, write_results

HEADS = ("network", "tile s", "questions", "longest between two, s", "time, asked / not")


class Stopwatch:
    """A cancellation that never comes, and notes when it was asked for."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def is_set(self) -> bool:
        """Take note of the time, and go on."""
        self.times.append(time.thread_time())
        return False


def tile_measured(name: str, side: int, rounds: int) -> None:
    """Print seconds of a tile without and with questions, their number, and the longest time between two."""
    import torch

    from restora.cancellation import cancellable
    from restora.networks import create_model
    from restora.restoration.engine import build_engine

    torch.manual_seed(0)
    torch.set_num_threads(1)
    engine = build_engine(create_model(name, "tiny"), precision="float32", device="cpu")
    x = torch.rand(1, 3, side, side)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    gaps = []
    for _ in range(rounds + 1):
        for asked, times in seconds.items():
            watch = Stopwatch()
            begin = time.thread_time()
            with cancellable(watch if asked else None):
                engine.residual(x)
            end = time.thread_time()
            times.append(end - begin)
            if asked:
                gaps.append(max(b - a for a, b in pairwise([begin, *watch.times, end])))
                count = len(watch.times)
    plain, asking = (statistics.median(times[1:]) for times in seconds.values())
    print(json.dumps([plain, asking, count, statistics.median(gaps[1:])]))


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows = []
    for name in ("chair", "kit", "dinat_ir", "derestormer"):
        plain, asking, count, longest = in_own_process(
            "cancellation", "tile_measured", name, arguments.side, arguments.rounds
        )
        rows.append((name, f"{plain:.2f}", f"{count:.0f}", f"{longest:.2f}", f"{asking / plain:.2f}"))
        print(*rows[-1], flush=True)
    lines = [
        f"Tiles of {arguments.side} x {arguments.side}, `tiny`, float32, one thread, medians of {arguments.rounds}; {machine()}."
        " Written by `benchmarks/cancellation.py`, which says how.",
        "",
    ]
    write_results("cancellation.md", [*lines, *table(HEADS, rows, rule="---:")])


if __name__ == "__main__":
    main()
