"""How long a training step of each network takes, on a pixel of a crop: all in turn within one run.

    python benchmarks/step_times.py [--rounds 7]

Network, loss, gradients and fused AdamW on one batch, float32, the tiny variants; KiT as published, with one round of
hashing, and with fewer patches compared in it. Medians over the rounds; the ratio to ChaIR is that of each round. What
compilation and bfloat16 give: training_steps.py. Writes benchmarks/results/step_times.md.
"""

import statistics
import tempfile
from pathlib import Path

import torch
from harness import DEVICE, command_line, interleaved, machine, ratio, table, write_results
from training import BareLoop, build_recipe, made_up_photographs

NETWORKS: dict[str, tuple[str, dict[str, int]]] = {
    "ChaIR": ("chair", {}),
    "KiT, k = 4, 4 rounds (as published)": ("kit", {}),
    "KiT, k = 4, 1 round": ("kit", {"rounds": 1}),
    "KiT, k = 2, 1 round": ("kit", {"chunk_size": 2, "rounds": 1}),
    "DeRestormer": ("derestormer", {}),
    "DiNAT-IR": ("dinat_ir", {}),
}
"""Name -> architecture, and what differs from its tiny variant."""


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--patch", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    loops: dict[str, BareLoop] = {}
    with tempfile.TemporaryDirectory() as folder:
        photos = made_up_photographs(Path(folder) / "photos")
        for name, (architecture, overrides) in NETWORKS.items():
            size = {"patch": arguments.patch, "batch": arguments.batch}
            loops[name] = BareLoop(build_recipe(photos, architecture, "tiny", **size, overrides=overrides))
    times = interleaved({name: loop.step for name, loop in loops.items()}, arguments.rounds)
    pixels = arguments.batch * arguments.patch**2
    workers = torch.get_num_threads() if DEVICE.type == "cpu" else 1
    unit = "core" if DEVICE.type == "cpu" else torch.cuda.get_device_name()
    rows = []
    for name, found in times.items():
        step = statistics.median(found)
        slower = f"{ratio(found, times['ChaIR']):.2f}"
        rows.append((name, f"{1000 * step:.0f}", f"{1e6 * step * workers / pixels:.0f}", slower))
    heads = ("network", "ms a step", f"microseconds of one {unit} for a pixel", "times ChaIR")
    lines = [
        f"Batches of {arguments.batch} crops of {arguments.patch}x{arguments.patch}, tiny variants, float32;"
        f" {machine()}; medians of {arguments.rounds} steps of each, in turn. Written by `benchmarks/step_times.py`.",
        "",
        *table(heads, rows, rule="---:"),
    ]
    write_results("step_times.md", lines)


if __name__ == "__main__":
    main()
