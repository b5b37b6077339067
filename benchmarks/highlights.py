"""What becomes of light above white: given to the network as it is, as white, which restora does, or by its logarithm.

    python benchmarks/highlights.py FOLDER [--weights denoise-chair-tiny denoise-real-chair-tiny]

The middle 192 x 192 pixels of clean photographs in FOLDER become scenes: values above 0.5 are stretched, the largest to 4 or 16
times white. Noise of 0.08 is added, above white in proportion to the light or to its root (seed 0). The error is the root mean
square in units of 0.08 / noise, of the parts below 0.7 and above 1.2; the mean over the photographs that have both.

Writes benchmarks/results/highlights.md.
"""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import torch
from harness import command_line, table, write_results
from numpy.typing import NDArray

from restora.datasets.sources import load_rgb8
from restora.images import find_images
from restora.restoration import Restorer, tiled_restoration

Floats = NDArray[np.float32]
Errors = dict[str, list[float]]

SIDE, NOISE = 192, 0.08
GAINS = (4, 16)
NOISES: dict[str, Callable[[Floats], Floats]] = {"light": lambda light: light, "root": np.sqrt}
LEAST = 0.02  # of a picture that must be dark, and bright


def scene(picture: Floats, gain: float) -> Floats:
    """Stretch the light of what is bright in a picture of [0, 1]."""
    above = np.clip(2 * picture - 1, 0, 1)
    return picture * (1 - above) + (0.5 + above * (gain - 0.5)) * above


def squeezed(light: Floats) -> Floats:
    """Return the logarithm of what is above white, without a bend."""
    return np.where(light > 1, 1 + 0.5 * np.log1p(2 * np.maximum(light - 1, 0)), light).astype(np.float32)


def released(values: Floats) -> Floats:
    """Undo `squeezed`."""
    return np.where(values > 1, 1 + 0.5 * np.expm1(2 * np.maximum(values - 1, 0)), values)


def ways(restore: Callable[[Floats], Floats], light: Floats) -> dict[str, Floats]:
    """Restore a scene in several ways."""
    seen, white = squeezed(light), np.minimum(light, 1)
    return {
        "not at all": light,
        "as it is": restore(light),
        "as white": light + restore(white) - white,
        "by its logarithm": light + released(restore(seen)) - released(seen),
    }


def errors(restore: Callable[[Floats], Floats], picture: Floats, gain: float, noise: str) -> Errors | None:
    """Return for each way the errors of what is dark and what is bright; None if there is too little of one."""
    clean = scene(picture, gain)
    brightest = clean.max(axis=2)
    parts = brightest < 0.7, brightest > 1.2
    if min(part.mean() for part in parts) < LEAST:
        return None
    strength = NOISES[noise](np.maximum(1, clean))
    noisy = clean + NOISE * strength * np.random.default_rng(0).normal(size=clean.shape)
    made = ways(restore, noisy.astype(np.float32))
    return {
        way: [float(np.sqrt((((one - clean) / strength)[part] ** 2).mean())) for part in parts]
        for way, one in made.items()
    }


def main() -> None:
    """Measure, and write the table."""
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", nargs="+", default=["denoise-chair-tiny", "denoise-real-chair-tiny"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tiled_restoration.HIGHLIGHTS = np.inf  # type: ignore[attr-defined] # what is clipped is clipped here
    pictures: list[Floats] = []
    for found in find_images([arguments.folder]):
        whole = load_rgb8(found.path)
        top, left = ((side - SIDE) // 2 for side in whole.shape[:2])
        pictures.append(whole[top : top + SIDE, left : left + SIDE].astype(np.float32) / np.float32(255))
    rows = []
    for name in arguments.weights:
        restorer = Restorer(name, engine="torch", device="cpu", precision="float32", threads=1)
        for gain, noise in product(GAINS, NOISES):
            every = [errors(restorer, picture, gain, noise) for picture in pictures]
            measured = [one for one in every if one is not None]
            for way in measured[0]:
                means = np.mean([one[way] for one in measured], axis=0)
                rows.append((name, gain, noise, len(measured), way, *(f"{mean:.4f}" for mean in means)))
    heads = (
        "weights",
        "times white",
        "noise as",
        "photographs",
        "light given",
        "error below 0.7",
        "above 1.2",
    )
    words = (
        f"{arguments.folder.name}. Written by `benchmarks/highlights.py`, which says what the columns mean."
    )
    write_results("highlights.md", [words, "", *table(heads, rows)])


if __name__ == "__main__":
    main()
