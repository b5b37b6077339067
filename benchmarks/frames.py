"""Frames: how the outermost pixels of restored pictures differ from those further in.

    python benchmarks/frames.py PHOTOS [--weights any-chair-tiny=haze-night ...] [--every N]

PHOTOS holds clean photographs, which are degraded as in `restora evaluate --benchmark photographs`. Each is restored in one piece, in
float32. Rings are pixels at a distance from the nearest edge. The difference of a ring is how much brighter or darker than it should be
it is in the mean, less the same of the pixels at 32 to 63, in grey levels of 255: without a frame it is next to nothing. What the
picture itself does to it is in the numbers, too; compare weights, not pictures.

Writes benchmarks/results/frames.md.
"""

from pathlib import Path

import numpy as np
from harness import command_line, machine, table, write_results

from restora.datasets import open_benchmark
from restora.metrics import psnr
from restora.restoration import Restorer

RINGS = ((0, 2), (2, 4), (4, 8), (8, 16), (16, 32), (32, 64))
CASES = (
    "any-chair-tiny=haze-outdoor",
    "any-chair-tiny=haze-indoor",
    "any-chair-tiny=haze-night",
    "any-chair-tiny=rain-heavy",
    "any-chair-tiny=snow-veiled",
    "dehaze-chair-tiny=haze-outdoor",
    "dehaze-chair-tiny=haze-indoor",
    "dehaze-chair-tiny=haze-night",
    "derain-chair-tiny=rain-heavy",
    "desnow-chair-tiny=snow-veiled",
    "denoise-real-chair-tiny=sensor-strong",
)


def distance_from_edge(height: int, width: int) -> np.ndarray:
    """Return how many pixels lie between each and the nearest edge (H, W)."""
    rows, columns = (np.minimum(np.arange(side), np.arange(side)[::-1]) for side in (height, width))
    return np.minimum(rows[:, None], columns)


def differences(case: str, folder: Path, every: int) -> tuple[list[float], float]:
    """Return the mean difference of each ring but the last, in grey levels, and the mean PSNR in dB."""
    weights, variant = case.split("=")
    restorer = Restorer(weights, tile=None, engine="torch", precision="float32")
    found, scores = [], []
    pairs = open_benchmark("photographs", folder, variant=variant)
    for number in range(0, len(pairs), every):
        pair = pairs[number]
        clean, restored = np.asarray(pair.clean), restorer(pair.degraded)
        error = restored.astype(np.float64) - clean
        distance = distance_from_edge(*error.shape[:2])
        *rings, inside = (error[(low <= distance) & (distance < high)].mean() for low, high in RINGS)
        found.append(np.abs(np.array(rings) - inside))
        scores.append(psnr(restored, clean, peak=255))
    return np.mean(found, axis=0).tolist(), float(np.mean(scores))


def main() -> None:
    """Measure every case."""
    parser = command_line(__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--weights", nargs="*", default=CASES, metavar="NAME=VARIANT")
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    rows = []
    for case in arguments.weights:
        rings, score = differences(case, arguments.photos, arguments.every)
        rows.append((*case.split("="), f"{score:.2f}", *(f"{value:.1f}" for value in rings)))
    heads = ("weights", "variant", "PSNR", *(f"pixels {low} to {high - 1}" for low, high in RINGS[:-1]))
    lines = [
        f"Difference of rings in grey levels, PSNR in dB, means of every {arguments.every}th photograph; {machine()}.",
        "Written by `benchmarks/frames.py`, which says what is measured.",
        *("", *table(heads, rows, rule="---:")),
    ]
    write_results("frames.md", lines)


if __name__ == "__main__":
    main()
