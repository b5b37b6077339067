"""Every network exported by `restora export`, tiny and base: size, time, how far it is from torch, and for which sizes of images.

    python benchmarks/exports.py [--models chair/tiny ...] [--formats onnx openvino] [--side 256]

Fresh weights (seed 0) are saved as a checkpoint and exported by the command line, which runs a model in a process that has neither
restora nor torch before it writes it. A network whose graph is one for all sizes is exported for any size, others for one, that of the
tiles of engines unless --side says another. The time is that of the processor, of the whole command. The rows lie in
benchmarks/results/exports.json, so that a run may renew a part of them, the page is benchmarks/results/exports.md.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import torch
from harness import RESULTS, command_line, machine, processor_seconds, table, write_results

from restora.atomic import write_file
from restora.networks import create_model

DYNAMIC = {"chair": True, "derestormer": True, "dinat_ir": False, "kit": False}
"""Architecture -> whether its graph is one for all sizes."""
MODELS = [f"{architecture}/{variant}" for architecture in DYNAMIC for variant in ("tiny", "base")]
HEADS = (
    *("network", "format", "sides of images", "MiB", "s of the processor"),
    *("largest difference of 1", "loss, dB", "load"),
)
ROWS = RESULTS / "exports.json"


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--formats", nargs="+", default=["onnx", "openvino"])
    parser.add_argument("--side", type=int)
    arguments = parser.parse_args()
    rows = json.loads(ROWS.read_text()) if ROWS.exists() else {}
    for model in arguments.models:
        for file_format in arguments.formats:
            rows[f"{model} {file_format}"] = exported(model, file_format, arguments.side)
            write_file(ROWS, json.dumps(rows, indent=1, sort_keys=True) + "\n")
    head = f"CPU, torch {torch.__version__}. Written by `benchmarks/exports.py`, which says how."
    write_results("exports.md", [head, "", *table(HEADS, (rows[name] for name in sorted(rows)))])


def exported(model: str, file_format: str, side: int | None) -> list[str]:
    """Export fresh weights for one format and return the row of the table."""
    torch.manual_seed(0)
    architecture, variant = model.split("/")
    network = create_model(architecture, variant)
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / f"{architecture}-{variant}.pth"
        torch.save(network.state_dict(), weights)
        options = ["--dynamic"] * DYNAMIC[architecture] + ([] if side is None else ["--side", str(side)])
        command = ["-m", "restora", "export", str(weights), "--format", file_format, *options, "-o", folder]
        try:
            taken = processor_seconds(command, folder)
        except subprocess.CalledProcessError:
            row = [model, file_format, "fails", *[""] * 4]
        else:
            (page,) = Path(folder).glob("*.json")
            card = json.loads(page.read_text())
            written = [file for file in Path(folder).iterdir() if file.suffix in (".onnx", ".xml", ".bin")]
            size = sum(file.stat().st_size for file in written)
            numbers = (
                f"{size / 2**20:.1f}",
                f"{taken:.0f}",
                f"{card['largest_difference']:.1e}",
                f"{card['loss_db']:.3f}",
            )
            row = [model, file_format, str(card["input"]["shape"][-1]), *numbers]
    row.append(machine().rpartition("load ")[2])
    print(*row, flush=True)
    return row


if __name__ == "__main__":
    main()
