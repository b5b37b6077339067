"""How long a training step of each network takes, on a pixel of a crop: all in turn within one run.

    python benchmarks/step_times.py [--compile chair ...] [--rounds 7]

Network, loss, gradients and fused AdamW on one batch, float32, the tiny variants; KiT as published, with one round of
hashing, and with fewer patches compared in it. Medians over the rounds; the ratio to ChaIR is that of each round. With
--compile the networks named are timed by torch.compile, too. Writes benchmarks/results/step_times.md.
"""

import statistics
import tempfile
import time
from pathlib import Path

import torch
from harness import DEVICE, command_line, machine, seconds, table, write_results
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
    parser.add_argument(
        "--compile", nargs="*", default=(), choices=[architecture for architecture, _ in NETWORKS.values()]
    )
    arguments = parser.parse_args()
    loops: dict[str, BareLoop] = {}
    remarks = []
    with tempfile.TemporaryDirectory() as folder:
        photos = made_up_photographs(Path(folder) / "photos")
        for name, (architecture, overrides) in NETWORKS.items():
            recipe = build_recipe(
                photos,
                architecture,
                "tiny",
                patch=arguments.patch,
                batch=arguments.batch,
                overrides=overrides,
            )
            loops[name] = BareLoop(recipe)
            if architecture in arguments.compile and overrides in ({}, {"rounds": 1}):
                compiled = BareLoop(recipe)
                compiled.module.compile()
                start = time.perf_counter()
                compiled.step()
                remarks.append(f"{name}: compiling took {time.perf_counter() - start:.0f} s.")
                loops[f"{name}, compiled"] = compiled
    times: dict[str, list[float]] = {name: [] for name in loops}
    for loop in loops.values():
        loop.step()
    for _ in range(arguments.rounds):
        for name, loop in loops.items():
            times[name].append(seconds(loop.step, 1))
    pixels = arguments.batch * arguments.patch**2
    workers = torch.get_num_threads() if DEVICE.type == "cpu" else 1
    unit = "core" if DEVICE.type == "cpu" else torch.cuda.get_device_name()
    rows = []
    for name, found in times.items():
        step = statistics.median(found)
        ratio = statistics.median(a / b for a, b in zip(found, times["ChaIR"], strict=True))
        rows.append((name, f"{1000 * step:.0f}", f"{1e6 * step * workers / pixels:.0f}", f"{ratio:.2f}"))
    heads = ("network", "ms a step", f"microseconds of one {unit} for a pixel", "times ChaIR")
    lines = [
        f"Batches of {arguments.batch} crops of {arguments.patch}x{arguments.patch}, tiny variants, float32;"
        f" {machine()}; medians of {arguments.rounds} steps of each, in turn. Written by `benchmarks/step_times.py`.",
        "",
        *table(heads, rows, rule="---:"),
    ]
    lines += ["", *remarks] if remarks else []
    write_results("step_times.md", lines)


if __name__ == "__main__":
    main()
