"""Which optimizer, rate, warm-up, momentum, clipping, averaging and batch teach each network most: short trainings from nothing.

    python benchmarks/optimizers.py PHOTOS TEST [--steps 150] [--seeds 0] [--networks chair kit derestormer dinat_ir]

The tiny networks learn what is in `TAUGHT` from the same batches of 8 crops of 64x64 of PHOTOS, PSNR loss, the rate rising for 20 steps
and falling to nothing, weights averaged at 0.99. First AdamW and Muon at several rates; then, at the best rate of Muon, one thing
changed at a time. Smaller batches take more steps, larger ones fewer, so that the crops stay as many. Scored is the mean PSNR of
squares of 256x256 from the middles of the photographs in TEST. Writes benchmarks/results/optimizers.md; its rows lie in
optimizers.json, so that a run may renew a part of them.
"""

import json
import statistics
from functools import partial
from typing import Any

from harness import RESULTS, machine, table, write_results
from short_training import SIDE, STROKES, averaged_network, comparison

from restora.atomic import write_file
from restora.errors import RestoraError
from restora.networks import create_model
from restora.training.recipe import Recipe
from restora.training.validation import Validation, open_validation

PATCH, BATCH = 64, 8
NOISE: dict[str, Any] = {"kind": "gaussian_noise", "sigma": [0, 50]}
BLUR: dict[str, Any] = {"kind": "motion_trajectory", **STROKES}
TAUGHT: dict[str, dict[str, Any]] = {
    "chair": {"task": "denoise", "degradation": NOISE, "validated": ("noise/25", "gaussian-rgb8")},
    "kit": {
        "task": "denoise",
        "degradation": NOISE,
        "validated": ("noise/25", "gaussian-rgb8"),
        "overrides": {"rounds": 1},
    },
    "derestormer": {"task": "derain", "degradation": "rain/light", "validated": ("rain/light", "rgb8")},
    "dinat_ir": {"task": "deblur", "degradation": BLUR, "validated": (BLUR, "rgb8")},
}
"""Network -> what it is taught, what its score is of and by which protocol, and what differs from `tiny`."""
RATES: dict[str, dict[str, Any]] = {
    f"{name} {rate:g}": {"kind": name.lower(), "learning_rate": rate}
    for name, rates in {"AdamW": (1e-3, 4e-3), "Muon": (2e-3, 4e-3, 8e-3)}.items()
    for rate in rates
}
ROWS = RESULTS / "optimizers.json"


def main() -> None:
    parser = comparison(__doc__, steps=150)
    parser.add_argument("--networks", nargs="+", default=list(TAUGHT), choices=list(TAUGHT))
    arguments = parser.parse_args()
    found: dict[str, dict[str, str]] = json.loads(ROWS.read_text()) if ROWS.exists() else {}
    for network in arguments.networks:
        score = partial(_score, arguments, network, _validation(arguments, network))
        scores = {way: score(optimizer) for way, optimizer in RATES.items()}
        best = max((way for way in RATES if way.startswith("Muon")), key=scores.__getitem__)
        scores |= {
            f"{best}, {way}": score(RATES[best] | optimizer, **others)
            for way, (optimizer, others) in _changes(RATES[best]["learning_rate"], arguments.steps).items()
        }
        found[network] = {way: f"{score:.2f}" for way, score in scores.items()}
        found[network]["run"] = (
            f"{arguments.steps} steps, seeds {', '.join(map(str, arguments.seeds))}, {machine()}"
        )
        write_file(ROWS, json.dumps(found, indent=1, sort_keys=True) + "\n")
    lines = ["Written by `benchmarks/optimizers.py`, which says how. dB; `-inf` where the training explodes."]
    for network in TAUGHT:
        if network in found:
            run = found[network].pop("run")
            lines += ["", f"## {network}", "", f"{run}.", ""]
            lines += table(("way", "dB"), sorted(found[network].items()))
    write_results("optimizers.md", lines)


def _changes(rate: float, steps: int) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return what is changed at the best rate of Muon, one thing at a time: of the optimizer, and of the rest of the recipe."""
    return {
        "AdamW's part at a quarter": ({"adamw_learning_rate": rate / 4}, {}),
        "warm-up 60": ({"warmup": 60}, {}),
        "momentum 0.9": ({"momentum": 0.9}, {}),
        "no clipping": ({"clip": None}, {}),
        "averaged at 0.95": ({}, {"ema": 0.95}),
        **{
            f"batches of {batch}": (
                {},
                {"stages": [{"steps": steps * BATCH // batch, "patch": PATCH, "batch": batch}]},
            )
            for batch in (BATCH // 2, BATCH * 2)
        },
    }


def _validation(arguments: Any, network: str) -> Validation:
    """Open the photographs that every way is scored on."""
    found = open_validation(Recipe.model_validate(_recipe(arguments, network)))
    assert found is not None
    return found


def _score(
    arguments: Any, network: str, validation: Validation, optimizer: dict[str, Any], **others: Any
) -> float:
    """Return the mean PSNR of a short training, over seeds and images; minus infinity if it explodes."""
    scores: list[float] = []
    for seed in arguments.seeds:
        recipe = _recipe(arguments, network, seed=seed, optimizer={"warmup": 20, **optimizer}, **others)
        try:
            scores += validation.scores(averaged_network(recipe))
        except RestoraError as error:
            if "explodes" not in str(error):
                raise
            scores.append(float("-inf"))
    print(network, optimizer, others, f"{statistics.mean(scores):.2f}", flush=True)
    return statistics.mean(scores)


def _recipe(arguments: Any, network: str, **changed: Any) -> dict[str, Any]:
    taught = TAUGHT[network]
    degradation, protocol = taught["validated"]
    scales = create_model(network, "tiny").requirements.scales
    return {
        "name": "optimizers",
        "task": taught["task"],
        "model": {
            "architecture": network,
            "variant": "tiny",
            "overrides": taught.get("overrides", {}),
        },
        "data": {"photos": arguments.photos},
        "degradation": taught["degradation"],
        "losses": [{"kind": "psnr"}],
        "scale_weights": [0.05, 0.1, 1.0][-scales:],
        "stages": [{"steps": arguments.steps, "patch": PATCH, "batch": BATCH}],
        "ema": 0.99,
        "validation": {
            "photos": arguments.test,
            "degradation": degradation,
            "protocol": protocol,
            "side": SIDE,
            "images": 28,
        },
        **changed,
    }


if __name__ == "__main__":
    main()
