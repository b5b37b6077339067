"""Draw the curve of a training run: loss, and the score of the validations, against the steps.

    python benchmarks/training_curve.py RUN -o docs/images/NAME-curve.webp

Reads RUN/log.jsonl. A run's log is small; those of published runs are kept in benchmarks/results/training.
"""

from pathlib import Path
from typing import Any

import matplotlib
from harness import command_line

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from restora.json_lines import read_lines


def draw(reports: list[dict[str, Any]], target: Path) -> None:
    """Write the figure; its suffix says in which format."""
    figure, left = plt.subplots(figsize=(7, 3.6), layout="constrained")
    steps = [report["step"] for report in reports]
    left.plot(steps, [report["loss"] for report in reports], color="0.6", label="loss of the batches (left)")
    left.set_xlabel("step")
    left.set_ylabel("loss")
    scored = [report for report in reports if report["score"] is not None]
    lines, labels = left.get_legend_handles_labels()
    if scored:
        right = left.twinx()
        right.plot(
            [report["step"] for report in scored],
            [report["score"] for report in scored],
            marker="o",
            markersize=3,
            color="tab:blue",
            label="PSNR in validation, dB (right)",
        )
        right.set_ylabel("dB")
        more = right.get_legend_handles_labels()
        lines, labels = lines + more[0], labels + more[1]
    left.legend(lines, labels, loc="center right", frameon=False)
    figure.savefig(target, dpi=110)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("run", type=Path, help="folder of a run, or its log")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    log = arguments.run / "log.jsonl" if arguments.run.is_dir() else arguments.run
    draw(read_lines(log), arguments.output)
    print(arguments.output)


if __name__ == "__main__":
    main()
