"""How fast the libraries of a CPU are where layers of our networks leave it to them, or to the layout: one thread, alone.

    python benchmarks/pointwise.py [--rounds 9]

Products along the channels of each pixel, (C -> C') at so many pixels: as torch computes them on one thread, 1x1 convolution and linear
layer, and as `restora.layers.pointwise` has them. And GELU of every other stretch of channels, as the halves of a gate lie in memory,
beside GELU of a copy without gaps, the copying included. And layer norm of bfloat16, forward and its gradients, by torch in bfloat16 and as
`restora.layers.ChannelLayerNorm` has it, in float32. In turn, by the time of the thread. Writes benchmarks/results/pointwise.md.
"""

import statistics
import time
from functools import partial

import torch
import torch.nn.functional as F
from harness import command_line, interleaved, machine, table, write_results
from torch import nn

from restora.allocation import keep_freed_memory
from restora.layers import ChannelLayerNorm
from restora.layers.pointwise import PixelLinear, prefer_onednn

PRODUCTS = (
    (48, 254, 256),
    (96, 288, 256),
    (192, 1020, 128),
    (384, 1152, 64),
    (12, 62, 256),
)
"""Channels in, channels out, side of the map."""
GATES = ((31, 256), (63, 256), (127, 128), (64, 128))
"""Channels of a half, side of the map."""
NORMS = ((12, 256), (24, 256), (48, 256), (96, 128))
"""Channels, side of the map."""


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    keep_freed_memory()
    head = machine()
    with torch.inference_mode():
        products = [_product(*shape, rounds) for shape in PRODUCTS]
        gates = [_gate(*shape, rounds) for shape in GATES]
    norms = [_norm(*shape, rounds) for shape in NORMS]
    lines = [
        f"{head}; medians of {rounds} rounds. Written by `benchmarks/pointwise.py`, which says how.",
        "",
        *table(("product, GFLOP/s", "1x1 convolution", "linear layer", "as here"), products),
        "",
        *table(("gate, ms", "GELU with gaps", "copied, GELU without", "times as fast"), gates),
        "",
        *table(
            ("layer norm of bfloat16, forward + gradients, ms", "torch", "as here", "times as fast"), norms
        ),
    ]
    write_results("pointwise.md", lines)


def _product(inputs: int, outputs: int, side: int, rounds: int) -> tuple[str, ...]:
    x = torch.randn(1, inputs, side, side).contiguous(memory_format=torch.channels_last)
    convolution, linear, ours = (
        nn.Conv2d(inputs, outputs, 1),
        nn.Linear(inputs, outputs),
        nn.Conv2d(inputs, outputs, 1),
    )
    prefer_onednn(ours)
    pixels, pixel_linear = x.permute(0, 2, 3, 1), PixelLinear(inputs, outputs)
    calls = {
        "convolution": lambda: convolution(x),
        "linear": lambda: linear(pixels),
        "ours": lambda: (ours(x), pixel_linear(pixels)),
    }
    times = interleaved(calls, rounds, time.thread_time)
    work = 2 * inputs * outputs * side**2 / 1e9
    speeds = [work * (1 + (name == "ours")) / statistics.median(found) for name, found in times.items()]
    return f"{inputs} -> {outputs}, {side} x {side}", *(f"{speed:.0f}" for speed in speeds)


def _gate(channels: int, side: int, rounds: int) -> tuple[str, ...]:
    both = torch.randn(1, 2 * channels, side, side).contiguous(memory_format=torch.channels_last)
    gate = both.chunk(2, dim=1)[0]
    calls = {
        "gaps": lambda: F.gelu(gate),
        "copied": lambda: F.gelu(gate.contiguous(memory_format=torch.channels_last)),
    }
    gaps, copied = (statistics.median(t) for t in interleaved(calls, rounds, time.thread_time).values())
    name = f"{channels} of {2 * channels}, {side} x {side}"
    return name, f"{1000 * gaps:.2f}", f"{1000 * copied:.2f}", f"{gaps / copied:.1f}"


def _norm(channels: int, side: int, rounds: int) -> tuple[str, ...]:
    x = torch.randn(1, channels, side, side, dtype=torch.bfloat16).contiguous(
        memory_format=torch.channels_last
    )
    x, norm = x.requires_grad_(), ChannelLayerNorm(channels)
    grad = torch.randn(1, side, side, channels, dtype=torch.bfloat16)
    spent: list[list[float]] = []

    def torchs() -> torch.Tensor:
        return F.layer_norm(x.permute(0, 2, 3, 1), (channels,), norm.weight, norm.bias)

    def ours() -> torch.Tensor:
        out: torch.Tensor = norm(x)
        return out.permute(0, 2, 3, 1)

    for forward in (torchs, ours):
        out = forward()
        back = partial(torch.autograd.grad, out, (x, *norm.parameters()), grad, retain_graph=True)
        times = interleaved({"forward": forward, "back": back}, rounds, time.thread_time)
        spent.append([statistics.median(found) for found in times.values()])
    theirs, own = spent
    cells = (" + ".join(f"{1000 * part:.2f}" for part in parts) for parts in (theirs, own))
    return f"{channels}, {side} x {side}", *cells, f"{sum(theirs) / sum(own):.1f}"


if __name__ == "__main__":
    main()
