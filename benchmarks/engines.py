"""What engines gain and cost: time as a ratio to torch in float32, and the difference to it, for each network and precision.

    python benchmarks/engines.py [--networks denoise-chair-tiny dinat_ir/tiny ...] [--engines ...] [--side 256]

Names of weights, or of networks, whose weights are then random.
Each engine restores the test picture and torch does, in turns; the ratio is the median. What was measured and compiled
before is not used, it is done again in a folder of its own. Writes benchmarks/results/engines.md.
"""

import os
import tempfile
import time

import torch
from harness import command_line, machine, table, write_results

from restora.checkpoints import load_model
from restora.networks import RestorationNetwork, create_model
from restora.restoration.measuring import measure
from restora.restoration.runtimes import installed_runtimes

NETWORKS = ("denoise-chair-tiny", "denoise-real-kit-tiny", "derestormer/tiny", "dinat_ir/tiny")
HEADS = (
    "network",
    "tile",
    "engine",
    "precision",
    "time / torch float32",
    "times as fast",
    "largest difference of 1",
    "loss, dB",
    "",
)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--engines", nargs="+", default=["torch", *installed_runtimes()])
    parser.add_argument("--side", type=int, help="of a tile; that of the network by default")
    parser.add_argument("--output", default="engines.md")
    arguments = parser.parse_args()
    os.environ["RESTORA_CACHE"] = tempfile.mkdtemp()
    rows, notes = [], []
    for name in arguments.networks:
        network = load_model(name) if "/" not in name else untrained(name)
        needs = network.requirements
        side = needs.fitting_side(arguments.side or needs.engine_tile)
        start = time.perf_counter()
        for found in measure(network, side, engines=arguments.engines):
            ratio = found.ratio or float("nan")
            facts = f"{1 / ratio:.2f}", f"{ratio:.2f}", f"{found.error:.1e}", f"{found.loss:.3f}"
            rows.append((name, side, found.engine, found.precision, *facts, found.fault or "passes"))
            print(*rows[-1], flush=True)
        notes.append(f"{name} {time.perf_counter() - start:.0f} s")
    head = f"{machine()}. Written by `benchmarks/engines.py`."
    took = f"Compiling and measuring all of it took: {', '.join(notes)}."
    write_results(arguments.output, [head, "", *table(HEADS, rows), "", took])


def untrained(name: str) -> RestorationNetwork:
    """Build a network with random weights."""
    torch.manual_seed(0)
    return create_model(*name.split("/")).eval()


if __name__ == "__main__":
    main()
