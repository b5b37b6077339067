"""How time and memory of every network grow with the pixels: exponents between sides, in one piece, without tiles.

    python benchmarks/scaling.py [--sides 256 512 1024 2048] [--rounds 2]

Each network (`tiny`, fresh weights, float32, one thread) restores one square in a process of its own, for every side, in turn; the
second time counts. Time is processor time, user and system, which depends little on what else runs; memory the peak of the resident
set beyond what the process held before. The exponent is log(t2 / t1) / log(pixels2 / pixels1); 1 is linear. With tiles, as
`Restorer` works, both are linear and memory stays that of a tile. Writes benchmarks/results/scaling.md.
"""

import json
import math
import statistics
import time
from itertools import pairwise

from harness import MIB, command_line, in_own_process, machine, peak_memory, table, write_results

NETWORKS = ("chair", "kit", "dinat_ir", "derestormer")


def square_measured(name: str, side: int) -> None:
    """Restore a square twice in this process; print the processor time of the second and the peak of the first."""
    from restora.allocation import keep_freed_memory

    keep_freed_memory()
    import torch

    from restora.networks import create_model
    from restora.restoration.engine import build_engine

    torch.manual_seed(0)
    torch.set_num_threads(1)
    engine = build_engine(create_model(name, "tiny"), precision="float32", device="cpu")
    x = torch.rand(1, 3, side, side)
    engine.residual(x[..., :64, :64])
    peak = peak_memory(lambda: engine.residual(x))
    begin = time.process_time()
    engine.residual(x)
    print(json.dumps([time.process_time() - begin, peak / MIB]))


def exponents(sides: list[int], values: list[float]) -> list[str]:
    """Return the exponents from each side to the next, and from the first to the last."""
    pairs = [*pairwise(range(len(sides))), (0, len(sides) - 1)]
    return [f"{math.log(values[b] / values[a]) / math.log((sides[b] / sides[a]) ** 2):.2f}" for a, b in pairs]


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512, 1024, 2048])
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    sides = arguments.sides
    steps = [f"{a}² to {b}²" for a, b in pairwise(sides)]
    heads = ("network", *(f"{side}²" for side in sides), *steps, "in all")
    rows: dict[str, list[list[str]]] = {"Processor time, s": [], "Memory, MiB": []}
    for name in NETWORKS:
        runs = [
            [in_own_process("scaling", "square_measured", name, side) for _ in range(arguments.rounds)]
            for side in sides
        ]
        for number, kind in enumerate(rows):
            values = [statistics.median(run[number] for run in of_side) for of_side in runs]
            cells = [f"{value:.0f}" if number else f"{value:.2f}" for value in values]
            rows[kind].append([name, *cells, *exponents(sides, values)])
            print(kind, *rows[kind][-1], flush=True)
    lines = [
        f"`tiny`, float32, one thread, medians of {arguments.rounds}; {machine()}. Written by `benchmarks/scaling.py`, which says"
        " how."
    ]
    for kind, of_kind in rows.items():
        lines += ["", f"## {kind}", "", *table(heads, of_kind, rule="---:")]
    write_results("scaling.md", lines)


if __name__ == "__main__":
    main()
