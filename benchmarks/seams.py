"""How far restoring in tiles differs from restoring in one piece, and whether the seams show.

    python benchmarks/seams.py FOLDER [--weights denoise-chair-tiny]

FOLDER holds clean photographs, all of one size (turned where needed), larger than the tiles. Noise of sigma 25 is added (seed 0).
Let d = tiled - whole. A step is the mean of |d(next) - d| over all pixels along a line between two rows or two columns,
all photographs and channels, in grey levels of 255. A seam shows where steps in the overlap of two tiles are larger than elsewhere:

- inside: lines that only one tile covers;
- overlap: all others, the lines at which a tile begins and ends among them.

The mean tells whether overlaps are rougher, the largest line whether one of them sticks out.

Writes benchmarks/results/seams.md.
"""

from pathlib import Path

import numpy as np
from harness import command_line, table, write_results

from restora.checkpoints import load_model
from restora.datasets.gaussian import add_test_noise
from restora.datasets.sources import load_rgb8
from restora.images import find_images
from restora.pixels import to_double
from restora.restoration import Restorer
from restora.restoration.tiling import AxisPlan, auto_overlap, plan_axis, unreliable_margin

SIGMA = 25
HEADS = (
    *("tile", "overlap", "mean of abs d", "mean step inside", "in overlaps"),
    *("largest line inside", "in overlaps"),
)
CASES = [(tile, overlap) for tile in (256, 384) for overlap in (0, 16, 32, 64, 96, None)]


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


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", default="denoise-chair-tiny")
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    noisy = photographs(arguments.folder)[: arguments.limit]
    model = load_model(arguments.weights)
    whole = [Restorer(model, tile=None, precision="float32")(image) for image in noisy]
    needs = model.requirements
    lines = [
        f"Weights {arguments.weights}, {len(noisy)} photographs of {noisy[0].shape[1]}x{noisy[0].shape[0]},"
        f" sigma {SIGMA}, float32; grey levels of 255. Written by `benchmarks/seams.py`, which says what the columns mean.",
        "",
    ]
    rows = []
    for tile, wanted in CASES:
        overlap = auto_overlap(tile, needs) if wanted is None else wanted
        restorer = Restorer(model, tile=tile, overlap=overlap, precision="float32")
        total, steps = 0.0, [np.zeros(()), np.zeros(())]
        for image, reference in zip(noisy, whole, strict=True):
            d = 255 * (restorer(image).astype(np.float64) - reference)
            total += np.abs(d).mean() / len(noisy)
            for axis in (0, 1):
                steps[axis] += np.abs(np.diff(d, axis=axis)).mean(axis=(1 - axis, 2)) / len(noisy)
        inside, overlapping = [], []
        for axis in (0, 1):
            margin = unreliable_margin(overlap, needs)
            plan = plan_axis(noisy[0].shape[axis], tile, overlap, margin=margin, multiple=needs.multiple)
            marks = lines_in_overlaps(plan)
            inside += list(steps[axis][~marks])
            overlapping += list(steps[axis][marks])
        auto = " (auto)" if wanted is None else ""
        steps_of = (np.mean(inside), np.mean(overlapping), max(inside), max(overlapping))
        rows.append((tile, f"{overlap}{auto}", *(f"{value:.3f}" for value in (total, *steps_of))))
        print(*rows[-1], flush=True)
    write_results("seams.md", [*lines, *table(HEADS, rows)])


if __name__ == "__main__":
    main()
