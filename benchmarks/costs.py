"""Parameters and multiply-adds of every network and variant.

    python benchmarks/costs.py

Multiply-adds of convolutions and matrix products for one image of 256 x 256, counted by torch.utils.flop_counter (half of
what it calls FLOPs); element-wise operations are not counted, as usual. Writes benchmarks/results/costs.md.
"""

import torch
from harness import table, write_results
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from restora.networks import RestorationNetwork, create_model, list_models

SIDE = 256


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def multiply_adds(model: RestorationNetwork) -> float:
    """Return multiply-adds of a network on the meta device, in units of 10^9."""
    x = torch.empty(1, model.requirements.in_channels, SIDE, SIDE, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(x)
    return float(counter.get_total_flops()) / 2e9


def main() -> None:
    rows = []
    for name in list_models():
        with torch.device("meta"):  # shapes suffice
            model = create_model(*name.split("/")).eval()
        forms = {"": model, ", folded": model.fold()}
        for form, network in forms.items():
            if form and parameters(network) == parameters(model):
                continue  # there is nothing to fold
            architecture, variant = name.split("/")
            cost = f"{parameters(network):,}", f"{multiply_adds(network):.1f}"
            rows.append((architecture, f"{variant}{form}", *cost))
    heads = ("network", "variant", "parameters", "multiply-adds, 10^9")
    head = f"One image of {SIDE} x {SIDE}; written by `benchmarks/costs.py`."
    write_results("costs.md", [head, "", *table(heads, rows)])


if __name__ == "__main__":
    main()
