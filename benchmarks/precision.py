"""What memory format and precision cost and give: time as a ratio within one run, and PSNR.

    python benchmarks/precision.py FOLDER [--weights denoise-chair-tiny denoise-real-kit-tiny]

FOLDER holds clean photographs; noise of sigma 25 is added (protocol gaussian-rgb8). Each photograph goes through all modes in
turn; the ratio of a mode is the median over photographs of its time by that of plain float32. Writes
benchmarks/results/precision.md.
"""

import copy
import time
from pathlib import Path

import numpy as np
import torch
from harness import command_line, machine, table, write_results

from restora.checkpoints import load_model
from restora.datasets.gaussian import add_test_noise
from restora.datasets.sources import load_rgb8
from restora.images import find_images
from restora.metrics import protocol
from restora.pixels import to_double
from restora.restoration.engine import build_engine

SIGMA = 25


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", nargs="+", default=["denoise-chair-tiny", "denoise-real-kit-tiny"])
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    heads = ("mode", "time / float32, median", "PSNR, dB (`gaussian-rgb8`)")
    lines = [
        f"{arguments.limit or 'All'} photographs of {arguments.folder.name}, sigma {SIGMA}; {machine()}."
        " Written by `benchmarks/precision.py`."
    ]
    for weights in arguments.weights:
        rows = measured(weights, arguments.folder, arguments.limit)
        lines += ["", f"Weights {weights}:", "", *table(heads, rows)]
    write_results("precision.md", lines)


def measured(weights: str, folder: Path, limit: int | None) -> list[tuple[str, str, str]]:
    """Measure all modes with weights."""
    model, rule = load_model(weights), protocol("gaussian-rgb8")
    plain = copy.deepcopy(model)
    with torch.inference_mode():
        modes = {
            "float32": lambda x: plain(x) - x,
            "float32, channels last": build_engine(model, precision="float32").residual,
            "bfloat16, channels last": build_engine(model, precision="bfloat16").residual,
        }
        seconds: dict[str, list[float]] = {mode: [] for mode in modes}
        scores: dict[str, list[float]] = {mode: [] for mode in modes}
        for found in find_images([folder])[:limit]:
            clean = to_double(load_rgb8(found.path))
            clean = clean[: clean.shape[0] // 32 * 32, : clean.shape[1] // 32 * 32]
            noisy = add_test_noise(clean, SIGMA)
            x = torch.from_numpy(noisy).float().permute(2, 0, 1)[None]
            for run in modes.values():
                run(x[..., :64, :64])  # what is set up once per size and type is not counted
            for mode, run in modes.items():
                start = time.perf_counter()
                answer = x + run(x)
                seconds[mode].append(time.perf_counter() - start)
                scores[mode].append(rule.score(answer[0].permute(1, 2, 0).double().numpy(), clean))
    rows = []
    for mode in modes:
        ratio = np.median(np.array(seconds[mode]) / np.array(seconds["float32"]))
        rows.append((mode, f"{ratio:.2f}", f"{np.mean(scores[mode]):.3f}"))
    return rows


if __name__ == "__main__":
    main()
