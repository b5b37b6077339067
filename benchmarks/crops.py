"""What crops and mixing teach: the same short training with and without each, scored on photographs, text and line art.

    python benchmarks/crops.py PHOTOS TEST [--steps 800] [--ways plain flat ...] [--seeds 0 1]

ChaIR tiny learns Gaussian noise of sigma 0 to 50 from nothing, on batches of 8 crops of 64x64 of PHOTOS, by Muon at 5e-3 falling to
nothing, PSNR loss, averaged weights. Scored is the mean PSNR (protocol gaussian-rgb8, sigma 25) on squares of 256x256 from the middles of
the photographs in TEST, on as many pages of text and on as much line art, and what clean photographs change by in grey levels.
Writes benchmarks/results/crops.md.
"""

import statistics
from typing import Any

import numpy as np
from harness import machine, table, write_results
from numpy.typing import NDArray
from short_training import SIDE, averaged_network, comparison, middles

from restora import Restorer
from restora.datasets.drawn_pictures import line_art, page_of_text
from restora.datasets.gaussian import add_test_noise
from restora.metrics import protocol
from restora.pixels import to_double

WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "flat 0.8": {"data": {"flat": 0.8}},
    "drawn 0.1": {"data": {"drawn": 0.1}},
    "cutblur 0.3": {"cutblur": 0.3},
    "mixup 0.3": {"mixup": 0.3},
}
SIGMA = 25
HEADS = ("way", "photographs", "text", "line art", "clean changes by")


def main() -> None:
    parser = comparison(__doc__, steps=800)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    arguments = parser.parse_args()
    photographs = middles(arguments.test)
    count = range(len(photographs))
    pictures = {
        "photographs": photographs,
        "text": [page_of_text(np.random.default_rng((1, i)), SIDE) for i in count],
        "line art": [line_art(np.random.default_rng((2, i)), SIDE) for i in count],
    }
    rows = []
    for way in arguments.ways:
        scores = [_trained(arguments, WAYS[way], seed, pictures) for seed in arguments.seeds]
        means = [statistics.mean(column) for column in zip(*scores, strict=True)]
        rows.append((way, *(f"{mean:.2f}" for mean in means)))
        print(*rows[-1], flush=True)
    head = (
        f"{arguments.steps} steps, seeds {', '.join(map(str, arguments.seeds))}, {len(photographs)} pictures of each kind; dB, and grey"
        f" levels; {machine()}. Written by `benchmarks/crops.py`, which says how."
    )
    write_results("crops.md", [head, "", *table(HEADS, rows, rule="---:")])


def _trained(
    arguments: Any, change: dict[str, Any], seed: int, pictures: dict[str, list[NDArray[np.uint8]]]
) -> list[float]:
    recipe = {
        "name": "crops",
        "task": "denoise",
        "seed": seed,
        "model": {"architecture": "chair", "variant": "tiny"},
        "degradation": {"kind": "gaussian_noise", "sigma": [0, 50]},
        "losses": [{"kind": "psnr"}],
        "scale_weights": [0.05, 0.1, 1.0],
        "optimizer": {"kind": "muon", "learning_rate": 5e-3, "warmup": 50},
        "stages": [{"steps": arguments.steps, "patch": 64, "batch": 8}],
        "ema": 0.99,
        **change,
        "data": {"photos": arguments.photos, **change.get("data", {})},
    }
    restorer = Restorer(averaged_network(recipe), tile=None, precision="float32")
    score = protocol("gaussian-rgb8").score
    found = [
        statistics.mean(
            score(restorer(add_test_noise(to_double(clean), SIGMA)), to_double(clean)) for clean in ones
        )
        for ones in pictures.values()
    ]
    changes = [np.abs(restorer(clean).astype(float) - clean).mean() for clean in pictures["photographs"]]
    return [*found, statistics.mean(changes)]


if __name__ == "__main__":
    main()
