"""The published networks against their originals, in units of a convolution, in every engine and precision.

    python benchmarks/base_networks.py [--networks chair derestormer dinat_ir] [--engines torch openvino] [--side 256]

Each network's `base`, random weights, restores one square by torch in float32 in turn with the unit, a 3x3 convolution 64 -> 64 of
256x256; the median of the ratios counts. Engines and bfloat16 run in turn with torch in float32 and are converted. The originals'
units, in float32, are those of layers.py: from the convolution's slowest and fastest run beside them. There is no original of KiT.
An engine that differs too much from torch is measured all the same, and the last column says so.
Writes benchmarks/results/base_networks.md.
"""

import os
import tempfile
from functools import partial

import torch
from harness import command_line, interleaved, machine, ratio, table, write_results
from layers import ORIGINAL, ORIGINAL_CONVOLUTION, UNIT_SIDE, unit_call

from restora.networks import create_model
from restora.restoration.measuring import engine_for, measure

NETWORKS = ("chair", "derestormer", "dinat_ir")
HEADS = ("network", "engine", "precision", "units", "the original", "times as fast", "loss, dB", "")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--engines", nargs="+", default=["torch", "openvino"])
    parser.add_argument("--side", type=int, default=UNIT_SIDE)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    os.environ["RESTORA_CACHE"] = tempfile.mkdtemp()
    head = machine()
    rows = []
    for name in arguments.networks:
        torch.manual_seed(0)
        network = create_model(name, "base").eval()
        side = network.requirements.fitting_side(arguments.side)
        exact, x = engine_for(network, "torch", "float32", side), torch.rand(1, 3, side, side)
        times = interleaved({"network": partial(exact.residual, x), "unit": unit_call()}, arguments.rounds)
        units = ratio(times["network"], times["unit"]) * (UNIT_SIDE / side) ** 2
        most, least = (ORIGINAL[f"{name}/base"] / convolution for convolution in ORIGINAL_CONVOLUTION)
        for found in measure(network, side, engines=arguments.engines):
            own = units / found.ratio if found.ratio else float("nan")
            cells = (
                f"{own:.0f}",
                f"{least:.0f} to {most:.0f}",
                f"{least / own:.1f} to {most / own:.1f}",
                f"{found.loss:.3f}",
            )
            rows.append((f"{name}/base", found.engine, found.precision, *cells, found.fault or "passes"))
            print(*rows[-1], flush=True)
    write_results(
        "base_networks.md",
        [f"{head}. Written by `benchmarks/base_networks.py`, which says how.", "", *table(HEADS, rows)],
    )


if __name__ == "__main__":
    main()
