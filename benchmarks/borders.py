"""What a border of mirrored pixels gains at the edge of pictures.

    python benchmarks/borders.py PHOTOS [--weights any-chair-tiny=haze-outdoor ...] [--every N]

PHOTOS holds clean photographs, which are degraded as in `restora evaluate --benchmark photographs`. Each is restored in one piece, in
float32, while it goes on as its mirror image by so many pixels on every side (`Restorer(border=...)`). PSNR is that of each
photograph's pixels at a distance from its edge, peak 255 and rounded to 8 bits; means over the photographs.

Writes benchmarks/results/borders.md.
"""

from pathlib import Path

import numpy as np
from harness import command_line, machine, table, write_results

from restora.datasets import open_benchmark
from restora.restoration import Restorer

BORDERS = (0, 8, 16, 32)
RINGS = ((0, 2), (2, 4), (4, 8), (8, 16), (16, 32), (32, 1 << 20))
HEADS = ("border", *(f"pixels {low} to {high - 1}" for low, high in RINGS[:-1]), "the rest", "all")
CASES = (
    *("any-chair-tiny=haze-outdoor", "any-chair-tiny=haze-night", "any-chair-tiny=rain-heavy"),
    *("any-chair-tiny=sensor-strong", "dehaze-chair-tiny=haze-outdoor", "dehaze-chair-tiny=haze-indoor"),
    *("dehaze-chair-tiny=haze-night", "derain-chair-tiny=rain-heavy", "desnow-chair-tiny=snow-veiled"),
    *("deblur-dinat-ir-tiny=motion-light", "denoise-real-chair-tiny=sensor-strong"),
)


def distance_from_edge(height: int, width: int) -> np.ndarray:
    """Return how many pixels lie between each and the nearest edge (H, W)."""
    rows, columns = (np.minimum(np.arange(side), np.arange(side)[::-1]) for side in (height, width))
    return np.minimum(rows[:, None], columns)


def psnr(squares: np.ndarray) -> float:
    """Return the PSNR in dB of squared errors of values in 0 to 255."""
    return float(10 * np.log10(255**2 / max(squares.mean(), 1e-9)))


def measured(case: str, folder: Path, every: int) -> list[list[float]]:
    """Return for each border the PSNR in each ring and in all."""
    weights, variant = case.split("=")
    pairs = list(open_benchmark("photographs", folder, variant=variant))[::every]
    scores = []
    for border in BORDERS:
        restorer = Restorer(weights, tile=None, border=border, engine="torch", precision="float32")
        found = []
        for pair in pairs:
            clean = np.asarray(pair.clean, np.float64)
            squares = (restorer(pair.degraded) - clean) ** 2
            distance = distance_from_edge(*squares.shape[:2])
            rings = [psnr(squares[(low <= distance) & (distance < high)]) for low, high in RINGS]
            found.append([*rings, psnr(squares)])
        scores.append(np.mean(found, axis=0).tolist())
    return scores


def main() -> None:
    """Measure every case."""
    parser = command_line(__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--weights", nargs="*", default=CASES, metavar="NAME=VARIANT")
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    lines = [f"PSNR in dB; {machine()}. Written by `benchmarks/borders.py`, which says what is measured."]
    for case in arguments.weights:
        rows = [
            (border, *(f"{value:.2f}" for value in values))
            for border, values in zip(BORDERS, measured(case, arguments.photos, arguments.every), strict=True)
        ]
        name, variant = case.split("=")
        lines += ["", f"{name}, {variant}:", "", *table(HEADS, rows, rule="---:")]
    write_results("borders.md", lines)


if __name__ == "__main__":
    main()
