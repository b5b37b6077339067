"""Parameters and multiply-adds of every network and variant.

    python benchmarks/costs.py

Multiply-adds of convolutions and matrix products for one image of 256 x 256, counted by torch.utils.flop_counter (half of
what it calls FLOPs); element-wise operations are not counted, as usual. Writes benchmarks/results/costs.md.
"""

from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from restora.networks import create_model, list_models

RESULTS = Path(__file__).parent / "results"
SIDE = 256


def multiply_adds(name: str) -> tuple[int, float]:
    """Return parameters, and multiply-adds in units of 10^9."""
    with torch.device("meta"):  # shapes suffice
        model = create_model(*name.split("/")).eval()
        x = torch.empty(1, model.requirements.in_channels, SIDE, SIDE)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(x)
    return sum(p.numel() for p in model.parameters()), counter.get_total_flops() / 2e9


def main() -> None:
    lines = [
        f"One image of {SIDE} x {SIDE}; written by `benchmarks/costs.py`.",
        "",
        "| network | variant | parameters | multiply-adds, 10^9 |",
        "|---|---|---|---|",
    ]
    for name in list_models():
        parameters, adds = multiply_adds(name)
        lines.append(f"| {' | '.join(name.split('/'))} | {parameters:,} | {adds:.1f} |")
    (RESULTS / "costs.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
