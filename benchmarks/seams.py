"""How far restoring in tiles differs from restoring in one piece, and whether the seams show.

    python benchmarks/seams.py FOLDER [--weights denoise-chair-tiny denoise-real-kit-tiny ...] [--auto]

FOLDER holds clean photographs, all of one size (turned where needed), larger than the tiles. Noise of sigma 25 is added (seed 0).
A network and a variant stand for fresh weights (seed 0). With --auto only the overlap that is chosen by default is measured.
Let d = tiled - whole. A step is the mean of |d(next) - d| over all pixels along a line between two rows or two columns,
all photographs and channels, in grey levels of 255. A seam shows where steps in the overlap of two tiles are larger than elsewhere:

- inside: lines that only one tile covers;
- overlap: all others, the lines at which a tile begins and ends among them.

The mean tells whether overlaps are rougher, the largest line whether one of them sticks out.

Noise: how much fine noise is left (mean of |picture - its blur|) over 16 rows or columns, along the whole line, as a part of
what is left there in one piece. A step is the change of that part from one side of a line to the other, in percent; the largest
line tells whether a tile that leaves more noise than its neighbour shows where they meet.

Writes benchmarks/results/seams.md.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from harness import command_line, table, write_results

from restora.checkpoints import load_model
from restora.datasets.gaussian import add_test_noise
from restora.datasets.sources import load_rgb8
from restora.images import find_images
from restora.networks import create_model
from restora.pixels import to_double
from restora.restoration import Restorer
from restora.restoration.tiling import AxisPlan, auto_overlap, plan_axis, unreliable_margin

SIGMA = 25
HEADS = (
    *("tile", "overlap", "mean of abs d", "mean step inside", "in overlaps"),
    *("largest line inside", "in overlaps"),
    *("noise: largest line inside, %", "in overlaps, %"),
)
BAND = 16
CASES = [(256, overlap) for overlap in (0, 32, 64, None)]
WEIGHTS = [
    "denoise-chair-tiny",
    "denoise-real-kit-tiny",
    "defocus-dinat-ir-tiny",
    "derain-derestormer-tiny",
]


def photographs(folder: Path) -> list[np.ndarray]:
    """Read noisy photographs, all lying."""
    clean = [to_double(load_rgb8(found.path)) for found in find_images([folder])]
    return [add_test_noise(p if p.shape[0] <= p.shape[1] else np.rot90(p).copy(), SIGMA) for p in clean]


def lines_in_overlaps(plan: AxisPlan) -> np.ndarray:
    """Tell for each line between two pixels of an axis whether two tiles meet or overlap there."""
    marks = np.zeros(plan.extent - 1, bool)
    for left, right in zip(plan.starts, plan.starts[1:], strict=False):
        marks[right - 1 : left + plan.tile] = (
            True  # from the line before the one to the line behind the other
        )
    return marks


def noise_steps(tiled: np.ndarray, whole: np.ndarray, axis: int) -> np.ndarray:
    """Measure for each line the change of the noise level across it, in percent; 0 too near to the edges."""

    def level(image: np.ndarray) -> np.ndarray:
        rough = np.abs(image - cv2.GaussianBlur(image, (0, 0), 2)).mean(axis=(1 - axis, 2))
        return np.convolve(rough, np.ones(BAND) / BAND, "valid")

    part = np.log(level(tiled) / level(whole))
    steps = np.zeros(tiled.shape[axis] - 1)
    steps[BAND - 1 : len(part) - 1] = 100 * np.abs(np.expm1(part[BAND:] - part[:-BAND]))
    return steps


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", nargs="+", default=WEIGHTS)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--auto", action="store_true")
    arguments = parser.parse_args()
    noisy = photographs(arguments.folder)[: arguments.limit]
    lines = [
        f"{len(noisy)} photographs of {noisy[0].shape[1]}x{noisy[0].shape[0]}, sigma {SIGMA}, float32; grey levels of 255."
        " Written by `benchmarks/seams.py`, which says what the columns mean."
    ]
    for weights in arguments.weights:
        lines += [
            "",
            f"Weights {weights}:",
            "",
            *table(HEADS, measured(weights, noisy, CASES[-1:] if arguments.auto else CASES)),
        ]
    write_results("seams.md", lines)


def measured(
    weights: str, noisy: list[np.ndarray], cases: list[tuple[int, int | None]]
) -> list[tuple[object, ...]]:
    """Measure cases, a tile and an overlap each, with weights."""
    torch.manual_seed(0)
    model = create_model(*weights.split("/")) if "/" in weights else load_model(weights)
    whole = [Restorer(model, tile=None, precision="float32")(image) for image in noisy]
    needs = model.requirements
    rows = []
    for tile, wanted in cases:
        overlap = auto_overlap(tile, needs) if wanted is None else wanted
        restorer = Restorer(model, tile=tile, overlap=overlap, precision="float32")
        total = 0.0
        steps, noise = ([np.zeros(side - 1) for side in noisy[0].shape[:2]] for _ in range(2))
        for image, reference in zip(noisy, whole, strict=True):
            restored = restorer(image).astype(np.float64)
            d = 255 * (restored - reference)
            total += np.abs(d).mean() / len(noisy)
            for axis in (0, 1):
                steps[axis] += np.abs(np.diff(d, axis=axis)).mean(axis=(1 - axis, 2)) / len(noisy)
                noise[axis] += noise_steps(restored, reference.astype(np.float64), axis) / len(noisy)
        inside, overlapping, noise_inside, noise_overlapping = [], [], [], []
        for axis in (0, 1):
            margin = unreliable_margin(overlap, needs)
            plan = plan_axis(noisy[0].shape[axis], tile, overlap, margin=margin, multiple=needs.multiple)
            marks = lines_in_overlaps(plan)
            inside += list(steps[axis][~marks])
            overlapping += list(steps[axis][marks])
            noise_inside += list(noise[axis][~marks])
            noise_overlapping += list(noise[axis][marks])
        auto = " (auto)" if wanted is None else ""
        steps_of = (np.mean(inside), np.mean(overlapping), max(inside), max(overlapping))
        values = [f"{value:.3f}" for value in (total, *steps_of)]
        values += [f"{max(part):.1f}" for part in (noise_inside, noise_overlapping)]
        rows.append((tile, f"{overlap}{auto}", *values))
        print(*rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    main()
