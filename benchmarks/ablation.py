"""DiNAT-IR's ablation at a small size: which blocks are dilated, the channel gate, and means over windows or over the whole image.

    python benchmarks/ablation.py PHOTOS TEST [--steps 600] [--seeds 0]

DiNAT-IR tiny learns motion blur (strokes of 3 to 10 pixels) from nothing, in each form on the same batches of 8 crops of 64x64 of PHOTOS, by Muon
at 2e-3 falling to nothing, PSNR loss, averaged weights. The dilated neighbourhoods span a crop, as they span a training image in
the paper. Scored is the mean PSNR (protocol rgb8) of squares of 256x256 from the middles of the photographs in TEST, blurred the
same way each time; networks with a gate also with its means taken over windows (`with_local_statistics`), which is how the
published scores were measured. Writes benchmarks/results/ablation.md.
"""

import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from harness import machine, table, write_results
from numpy.typing import NDArray
from short_training import STROKES, averaged_network, comparison, middles

from restora import Restorer
from restora.degradations import TrajectoryBlur
from restora.metrics import protocol
from restora.networks import RestorationNetwork
from restora.pixels import to_double
from restora.restoration import with_local_statistics

PATCH = 64
DILATIONS = (9, 4, 2, 1)  # 7 neighbours so far apart span 64, 32, 16 and 8 pixels
PUBLISHED = {  # PSNR on GoPro of networks of width 16, from the authors' evaluation scripts
    ("local_only", False): 31.56,
    ("global_only", False): 32.03,
    ("hybrid", False): 31.87,
    ("local_only", True): 31.97,
    ("global_only", True): 32.06,
    ("hybrid", True): 32.06,
}
HEADS = ("blocks", "gate", "means over the image, dB", "over windows, dB", "published, GoPro, width 16, dB")


def main() -> None:
    arguments = comparison(__doc__, steps=600).parse_args()
    clean = middles(arguments.test)
    pairs = [(blurred, to_double(image)) for blurred, image in zip(_blurred(clean), clean, strict=True)]
    rows = []
    for (mode, gate), published in PUBLISHED.items():
        scores = [
            list(_scores(_trained(arguments, mode, gate, seed), pairs, gate=gate)) for seed in arguments.seeds
        ]
        means = [f"{statistics.mean(column):.2f}" for column in zip(*scores, strict=True)]
        rows.append((mode, "with" if gate else "without", *means, *[""] * (2 - len(means)), published))
        print(*rows[-1], flush=True)
    score = protocol("rgb8").score
    before = statistics.mean(score(blurred, image) for blurred, image in pairs)
    head = (
        f"{arguments.steps} steps, seeds {', '.join(map(str, arguments.seeds))}, {len(pairs)} pictures, blurred {before:.2f} dB;"
        f" {machine()}. Written by `benchmarks/ablation.py`, which says how."
    )
    write_results("ablation.md", [head, "", *table(HEADS, rows, rule="---:")])


def _trained(arguments: Any, mode: str, gate: bool, seed: int) -> RestorationNetwork:
    overrides = {"mode": mode, "channel_gate": gate, "dilations": DILATIONS}
    return averaged_network(
        {
            "name": "ablation",
            "task": "deblur",
            "seed": seed,
            "model": {"architecture": "dinat_ir", "variant": "tiny", "overrides": overrides},
            "data": {"photos": arguments.photos},
            "degradation": {"kind": "motion_trajectory", **STROKES},
            "losses": [{"kind": "psnr"}],
            "scale_weights": [1.0],
            "optimizer": {"kind": "muon", "learning_rate": 2e-3, "warmup": 50},
            "stages": [{"steps": arguments.steps, "patch": PATCH, "batch": 8}],
            "ema": 0.99,
        }
    )


def _scores(
    network: RestorationNetwork, pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]], *, gate: bool
) -> Iterator[float]:
    """Yield the mean score with means over the whole image and, of a network with a gate, with means over windows."""
    for form in [network, with_local_statistics(network, PATCH)] if gate else [network]:
        restorer = Restorer(form, tile=None, precision="float32")
        score = protocol("rgb8").score
        yield statistics.mean(score(restorer(blurred), clean) for blurred, clean in pairs)


def _blurred(images: list[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
    blur = TrajectoryBlur(**STROKES)
    found = []
    for number, image in enumerate(images):
        x = torch.from_numpy(to_double(image)).permute(2, 0, 1)[None].float()
        blurred = blur(x, torch.Generator().manual_seed(number))
        found.append(blurred[0].permute(1, 2, 0).double().numpy())
    return found


if __name__ == "__main__":
    main()
