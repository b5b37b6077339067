"""What integers of 8 bits gain and cost: OpenVINO and NNCF against float32, on photographs.

    python benchmarks/int8.py FOLDER [--weights denoise-chair-tiny] [--calibrate 8] [--limit 4] [--side 256]

FOLDER holds clean photographs, of which the middle is taken; noise of sigma 25 is added (protocol gaussian-rgb8). The first ones
calibrate, those that follow are scored. Each goes through both forms in turn. Writes benchmarks/results/int8.md.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np
from harness import command_line, machine, seconds, table, write_results

from restora.checkpoints import load_model
from restora.commands.export import crops_of
from restora.datasets.gaussian import add_test_noise
from restora.metrics import protocol
from restora.restoration.deployment import INT8_LOSS, write_openvino
from restora.restoration.onnx_graph import traced

SIGMA = 25


def main() -> None:
    import openvino

    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", default="denoise-chair-tiny")
    parser.add_argument("--calibrate", type=int, default=8)
    parser.add_argument("--limit", type=int, default=4)
    parser.add_argument("--side", type=int, default=256)
    arguments = parser.parse_args()
    cleans = [
        crop[0].transpose(1, 2, 0).astype(np.float64) for crop in crops_of(arguments.folder, arguments.side)
    ]
    cleans = cleans[: arguments.calibrate + arguments.limit]
    noisy = [add_test_noise(clean, SIGMA).astype(np.float32).transpose(2, 0, 1)[None] for clean in cleans]
    graph = traced(
        load_model(arguments.weights).fold().eval().requires_grad_(False), arguments.side, arguments.side
    )
    rule, core = protocol("gaussian-rgb8"), openvino.Core()
    scores: dict[str, list[float]] = {"float32": [], "int8": []}
    times: dict[str, list[float]] = {"float32": [], "int8": []}
    with tempfile.TemporaryDirectory() as folder:
        models = {}
        for precision in scores:
            file = Path(folder) / f"{precision}.xml"
            write_openvino(graph, file, precision, noisy[: arguments.calibrate])
            models[precision] = core.compile_model(
                file, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
            )
        for x, clean in list(zip(noisy, cleans, strict=True))[arguments.calibrate :]:
            for precision, model in models.items():
                answer = model([x])[0][0].transpose(1, 2, 0).astype(np.float64)
                scores[precision].append(rule.score(answer, clean))
                times[precision].append(min(seconds(lambda m=model, x=x: m([x])) for _ in range(3)))  # type: ignore[misc]
    ratio = statistics.median(a / b for a, b in zip(times["float32"], times["int8"], strict=True))
    loss = statistics.mean(a - b for a, b in zip(scores["float32"], scores["int8"], strict=True))
    rows = [(precision, f"{statistics.mean(found):.3f}") for precision, found in scores.items()]
    verdict = "it may be shipped" if loss < INT8_LOSS else f"more than {INT8_LOSS} dB: it is not shipped"
    head = (
        f"Weights {arguments.weights}, {arguments.calibrate} photographs of {arguments.folder.name} calibrate,"
        f" {len(scores['int8'])} others are scored, {arguments.side} pixels square, sigma {SIGMA}; {machine()}."
        " Written by `benchmarks/int8.py`."
    )
    tail = f"int8 costs {loss:.3f} dB ({verdict}) and is {ratio:.2f} times as fast as float32 by OpenVINO."
    write_results("int8.md", [head, "", *table(("precision", "PSNR, dB (`gaussian-rgb8`)"), rows), "", tail])


if __name__ == "__main__":
    main()
