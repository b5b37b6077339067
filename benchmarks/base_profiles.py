"""Where the time of the published networks goes, and its floor.

    python benchmarks/base_profiles.py [--networks chair kit derestormer dinat_ir] [--side 256] [--threads 2] [--rounds 5]

Each network's `base`, random weights, restores one square by torch in float32. The floor: its multiply-adds at the speed of a 3x3
convolution 64 -> 64 of 256x256, and what its operations read and write (each tensor once an operation, views not counted) at the
speed of adding two maps of the network's width and the square's size. Writes benchmarks/results/base_profiles.md.
"""

import statistics
from functools import partial

import torch
from floors import FLOOR_HEADS, floor, profiled
from harness import command_line, interleaved, machine, table, write_results
from torch.utils.flop_counter import FlopCounterMode

from restora.networks import ARCHITECTURES, create_model


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--networks", nargs="+", default=list(ARCHITECTURES), choices=list(ARCHITECTURES))
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    head, rows, profiles = machine(), [], []
    for name in arguments.networks:
        torch.manual_seed(0)
        network = create_model(name, "base").eval()
        side = network.requirements.fitting_side(arguments.side)
        restore = partial(network, torch.rand(1, 3, side, side))
        with torch.inference_mode():
            with FlopCounterMode(display=False) as counter:
                restore()
            taken = statistics.median(interleaved({name: restore}, arguments.rounds)[name])
            least = floor(
                restore, counter.get_total_flops(), torch.empty(1, network.config.width, side, side)
            )
            rows.append(
                (
                    f"{name}/base, {side}",
                    *least,
                    f"{1000 * taken:.0f}",
                    f"{1e3 * taken / float(least[-1]):.1f}",
                )
            )
            profiles += ["", f"## {name}/base", "", *profiled(restore)]
        print(*rows[-1], flush=True)
    write_results(
        "base_profiles.md",
        [
            f"{arguments.threads} threads, {head}. Written by `benchmarks/base_profiles.py`, which says how.",
            "",
            *table((*FLOOR_HEADS, "taken, ms", "times the floor"), rows, rule="---:"),
            *profiles,
        ],
    )


if __name__ == "__main__":
    main()
