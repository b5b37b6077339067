"""Memory that a photograph of 100 megapixels takes from file to file, in a process of its own.

    python benchmarks/large_photograph.py [--megapixels 100]

A synthetic picture (8-bit RGB, texture and noise) is restored by `restora restore` with the shipped tiny weights. The peak of
the resident set is the kernel's count for that process; beside it stand the decoded picture's bytes and the peak of the same
command on a picture of a tenth of the size. Writes benchmarks/results/large_photograph.md.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from harness import command_line, table, write_results

from restora.images import Photograph, write

GIB = 1024**3


def picture(megapixels: float) -> Photograph:
    """A picture 4:3 made of enlarged texture and noise."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(megapixels * 1e6 / height)
    random = np.random.default_rng(0)
    texture = random.integers(40, 216, (256, 256, 3), np.uint8)
    repeats = (-(-height // 512), -(-width // 512), 1)
    pixels = np.tile(texture.repeat(2, axis=0).repeat(2, axis=1), repeats)[:height, :width].copy()
    for top in range(0, height, 256):  # in bands, so that this process stays small, too
        band = pixels[top : top + 256]
        band += random.integers(0, 40, band.shape, np.uint8)
    return Photograph(pixels)


def peak_of_restoring(path: Path) -> tuple[float, float]:
    """Return the peak of the resident set in GiB, and seconds."""
    # The kernel counts for all children together, so each run gets a parent of its own.
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run([sys.executable, '-c', 'from restora.commands.app import main; main()', *sys.argv[1:]],"
        " check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    start = time.perf_counter()
    command = [sys.executable, "-c", code, "restore", str(path), "-o", str(path.with_name("restored.png"))]
    kibibytes = int(
        subprocess.run([*command, "--overwrite"], check=True, capture_output=True, text=True).stdout
    )
    return kibibytes * 1024 / GIB, time.perf_counter() - start


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--megapixels", type=float, default=100)
    arguments = parser.parse_args()
    lines = [
        "`restora restore` from PNG to PNG on a CPU, tiles and overlap as chosen by default; written by `benchmarks/large_photograph.py`.",
        "",
    ]
    heads = ("megapixels", "decoded picture", "peak resident set", "peak less picture", "seconds")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in (arguments.megapixels / 10, arguments.megapixels):
            photograph = picture(megapixels)
            path = write(Path(folder) / f"{megapixels:.0f}.png", photograph)
            decoded = photograph.pixels.nbytes / GIB
            del photograph
            peak, seconds = peak_of_restoring(path)
            sizes = (f"{gib:.2f} GiB" for gib in (decoded, peak, peak - decoded))
            rows.append((f"{megapixels:.0f}", *sizes, f"{seconds:.0f}"))
            print(*rows[-1], flush=True)
    write_results("large_photograph.md", [*lines, *table(heads, rows)])


if __name__ == "__main__":
    main()
