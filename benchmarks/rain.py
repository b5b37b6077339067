"""Whether synthetic light rain is as strong as that of Rain100L, on the same photographs.

    python benchmarks/rain.py INPUT TARGET [--every 3]

INPUT and TARGET are the folders of rainy and clean images of the same names. The preset rain/light falls on the clean ones;
both kinds of rain are measured against them. Writes benchmarks/results/rain.md.
"""

from pathlib import Path

import numpy as np
from harness import command_line, table, write_results
from torch import Generator, Tensor

from restora.datasets.sources import load_rgb8
from restora.degradations import Rain
from restora.images import find_images
from restora.tensors import to_tensor

DARK = 0.6
MEASURES = (
    "PSNR of the rainy image, RGB, dB",
    f"of the dark pixels (below {DARK}), share that rain brightens by more than 0.04",
    "the same, by more than 0.2",
    "brightening that 1 % of them exceed",
    "standard deviation of the rain between channels",
)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("input", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--every", type=int, default=3, help="take every third image")
    arguments = parser.parse_args()
    theirs, ours = [], []
    for number, found in enumerate(find_images([arguments.target])[:: arguments.every]):
        clean = load(found.path)
        theirs.append(measured(clean, load(arguments.input / found.path.name)))
        ours.append(measured(clean, Rain.preset("light")(clean, Generator().manual_seed(number))))
    means = zip(MEASURES, np.mean(theirs, 0), np.mean(ours, 0), strict=True)
    rows = [(name, f"{a:.3f}", f"{b:.3f}") for name, a, b in means]
    lines = [
        f"Means over {len(ours)} images, every {arguments.every} of the folder. Written by `benchmarks/rain.py`.",
        "",
        *table(("", "the data set", "rain/light"), rows),
    ]
    write_results("rain.md", lines)


def load(path: Path) -> Tensor:
    """Read an image: (1, 3, H, W) in [0, 1]."""
    return to_tensor(load_rgb8(path))[None]


def measured(clean: Tensor, rainy: Tensor) -> list[float]:
    """Return the `MEASURES` of one image."""
    rain = rainy - clean
    dark = clean.amax(1) < DARK
    brightening = rain.mean(1)[dark] if dark.any() else rain.mean(1).flatten()
    return [
        float(-10 * rain.square().mean().log10()),
        float((brightening > 0.04).float().mean()),
        float((brightening > 0.2).float().mean()),
        float(brightening.quantile(0.99)),
        float(rain.std(1).mean()),
    ]


if __name__ == "__main__":
    main()
