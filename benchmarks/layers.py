"""Time and memory of layers and networks against image size, and of fast paths against plain references.

    python benchmarks/layers.py [--sides 128 256 512 1024] [--only derestormer]

Random weights and inputs, evaluation mode, float32 unless the row says otherwise. What is compared runs in turn within one
run; figures are medians. Times come as multiples of a 3x3 convolution 64 -> 64 of 256x256 that is timed between all others,
so that they compare across machines. Memory is the highest resident set during a call over the one before it (on a GPU: the
allocator's peak). The growth exponent is log(t2 / t1) / log(pixels2 / pixels1) between the two largest sides; 1 is linear.
What was measured is kept in benchmarks/results/layers.json and not measured again; layers.md is the table.
"""

import gc
import json
import math
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch
from harness import DEVICE, MIB, RESULTS, command_line, machine, peak_memory, seconds, table
from torch import Tensor, nn

from restora.layers import (
    DeformableChannelAttention,
    KNNLocalAttention,
    OverParameterizedConv2d,
    deformable_convolution,
    deformable_convolution_reference,
    fold,
    knn_local_attention,
    neighborhood_attention,
    neighborhood_attention_reference,
    plain_knn_local_attention,
)
from restora.layers.patches import split_patches
from restora.networks import create_model, list_models
from restora.networks.chair import ChannelFilterAttention, ImplicitFrequencyAttention
from restora.networks.derestormer import FourierMixing

SIDES = (128, 256, 512, 1024)
LARGEST = {  # beyond, they need more than 16 GiB
    "plain neighborhood attention": 512,
    "plain neighborhood attention, dilation 18": 512,
    "plain KLA": 512,
    "derestormer/base": 256,  # as its folded form, and slower
}
OTHER_WIDTHS = ("dinat_ir/dual_pixel", "kit/shared", "kit/large")  # which scale as the base variants do
SLOW = 10.0  # seconds that all runs of a row take together; a longer row runs once
UNIT_SIDE = 256
# Seconds of one 256 x 256 image through the authors' code (PyTorch 2.13, two cores; DiNAT-IR with the CPU kernels of NATTEN
# 0.14.6), and what the convolution took in the same runs.
ORIGINAL = {"chair/base": 1.9, "chair/num_res_4": 0.71, "derestormer/base": 9.1, "dinat_ir/base": 13.1}
ORIGINAL_CONVOLUTION = (0.015, 0.022)
PLAIN_OF = {  # fast path -> its reference
    "neighborhood attention": "plain neighborhood attention",
    "neighborhood attention, dilation 18": "plain neighborhood attention, dilation 18",
    "KLA": "plain KLA",
    "deformable convolution 7x7": "plain deformable convolution 7x7",
    "over-parameterised convolution, folded": "over-parameterised convolution",
    "derestormer/base, folded": "derestormer/base",
}

Call = Callable[[], object]


def module_call(module: nn.Module, channels: int, side: int, bfloat16: bool = False) -> Call:
    """Return the call of a module on features (1, channels, side, side)."""
    module = module.eval().to(DEVICE, memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.rand(1, channels, side, side, device=DEVICE).contiguous(memory_format=torch.channels_last)

    def call() -> object:
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=bfloat16):
            return module(x)

    return call


def attention_inputs(side: int, channels: int = 48, heads: int = 1) -> list[Tensor]:
    """Return queries, keys, values (1, side, side, heads, c) and a bias table for windows of 7 x 7."""
    qkv = torch.randn(3, 1, side, side, heads, channels // heads, device=DEVICE)
    return [*qkv, torch.randn(heads, 13, 13, device=DEVICE)]


def layer_calls(side: int) -> dict[str, Callable[[], Call]]:
    """Return makers of calls of every layer, on a feature map of a side."""

    def neighborhood(function: Callable[..., Tensor], dilation: int) -> Call:
        inputs = attention_inputs(side)
        return lambda: function(*inputs, kernel_size=7, dilation=dilation)

    def knn(function: Callable[..., Tensor]) -> Call:
        layer = KNNLocalAttention(48).to(DEVICE).eval()
        x = torch.randn(1, 48, side, side, device=DEVICE)
        groups, patches = layer.group(x), split_patches(x, layer.patch_size)
        return lambda: function(patches, patches, patches, groups)

    def deformable(function: Callable[..., Tensor]) -> Call:
        x, weight = (
            torch.randn(1, 32, side, side, device=DEVICE),
            torch.randn(32, 32, 7, 7, device=DEVICE),
        )
        offsets = torch.randn(1, 98, side, side, device=DEVICE)
        strengths = torch.rand(1, 49, side, side, device=DEVICE)
        return lambda: function(x, offsets, strengths, weight)

    def over_parameterised() -> nn.Module:
        return OverParameterizedConv2d(64, 64, 3)

    return {
        "neighborhood attention": lambda: neighborhood(neighborhood_attention, 1),
        "plain neighborhood attention": lambda: neighborhood(neighborhood_attention_reference, 1),
        "neighborhood attention, dilation 18": lambda: neighborhood(neighborhood_attention, 18),
        "plain neighborhood attention, dilation 18": lambda: neighborhood(
            neighborhood_attention_reference, 36
        ),
        "KLA": lambda: knn(knn_local_attention),
        "plain KLA": lambda: knn(plain_knn_local_attention),
        "KLA, whole layer": lambda: module_call(KNNLocalAttention(48), 48, side),
        "deformable convolution 7x7": lambda: deformable(deformable_convolution),
        "plain deformable convolution 7x7": lambda: deformable(deformable_convolution_reference),
        "deformable channel attention": lambda: module_call(DeformableChannelAttention(32, 1), 32, side),
        "Fourier mixing": lambda: module_call(FourierMixing(32), 32, side),
        "over-parameterised convolution": lambda: module_call(over_parameterised(), 64, side),
        "over-parameterised convolution, folded": lambda: module_call(fold(over_parameterised()), 64, side),
        "channel filter attention": lambda: module_call(ChannelFilterAttention(32), 32, side),
        "implicit frequency attention": lambda: module_call(ImplicitFrequencyAttention(32), 32, side),
    }


def network_calls(side: int) -> dict[str, Callable[[], Call]]:
    """Return makers of calls of every network, in the forms in which it can run."""
    calls: dict[str, Callable[[], Call]] = {}
    for name in list_models():
        if name in OTHER_WIDTHS:
            continue
        with torch.device("meta"):
            channels = create_model(*name.split("/")).requirements.in_channels

        def build(
            name: str = name, channels: int = channels, folded: bool = False, bf16: bool = False
        ) -> Call:
            network = create_model(*name.split("/"))
            return module_call(fold(network) if folded else network, channels, side, bf16)

        calls[name] = build
        if name.startswith("derestormer"):
            calls[f"{name}, folded"] = partial(build, folded=True)
        if name.endswith("/base") and side == UNIT_SIDE:
            calls[f"{name}, bfloat16"] = partial(build, bf16=True)
    return calls


def unit_call() -> Call:
    """Return the convolution that times are multiples of."""
    return module_call(nn.Conv2d(64, 64, 3, padding=1), 64, UNIT_SIDE)


def measure(makers: dict[str, Callable[[], Call]], side: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Time rows that belong together in turn, the convolution before each; memory comes from their first calls."""
    unit = unit_call()
    unit()

    def convolution() -> float:
        return statistics.median(seconds(unit) for _ in range(3))

    for name in makers:
        if name in PLAIN_OF.values() and next(f for f, p in PLAIN_OF.items() if p == name) in makers:
            continue  # measured with its fast path
        together = [n for n in (name, PLAIN_OF.get(name)) if n in makers and side <= LARGEST.get(n, side)]
        calls = {n: makers[n]() for n in together}
        peaks, times, start = {}, {}, time.perf_counter()
        for n, call in calls.items():
            taken: list[float] = []
            divisor = convolution()

            def timed(call: Call = call, taken: list[float] = taken) -> None:
                taken.append(seconds(call))

            peaks[n] = peak_memory(timed)
            times[n] = [taken[0] / divisor]
        spent = time.perf_counter() - start
        if spent < SLOW:  # the first runs were to warm up; else they have to do
            times = {n: [] for n in calls}
            for _ in range(max(1, min(9, round(SLOW / spent)))):
                for n, call in calls.items():
                    divisor = convolution()
                    times[n].append(seconds(call) / divisor)
        for n in calls:
            yield (
                n,
                {"convolutions": statistics.median(times[n]), "mib": peaks[n] / MIB, "runs": len(times[n])},
            )
        del calls
        gc.collect()


def growth(row: dict[int, dict[str, float]], key: str) -> str:
    """Return the exponent of the growth with the pixels between the two largest sides."""
    if len(row) < 2:
        return ""
    small, large = sorted(row)[-2:]
    ratio = max(row[large][key], 1e-9) / max(row[small][key], 1e-9)
    return f"{math.log(ratio) / math.log((large / small) ** 2):.2f}"


def tables(kept: dict[str, dict[str, dict[str, float]]], where: str, sides: tuple[int, ...]) -> str:
    """Return the Markdown of all that was measured."""
    rows = {name: {int(s): row for s, row in by_side.items()} for name, by_side in kept.items()}
    lines = [
        f"{where}. Written by `benchmarks/layers.py`, which says how it is measured. Times are multiples of a 3x3",
        f"convolution 64 -> 64 at {UNIT_SIDE} x {UNIT_SIDE} in the same run; memory is in MiB, without weights and input.",
    ]
    for key, title in (("convolutions", "Time"), ("mib", "Memory")):
        digits = 1 if key == "convolutions" else 0
        cells = [
            [name, *(f"{row[s][key]:.{digits}f}" if s in row else "" for s in sides), growth(row, key)]
            for name, row in rows.items()
        ]
        lines += ["", f"## {title}", "", *table(["", *(f"{s}²" for s in sides), "growth"], cells)]
    cells = []
    for fast, plain in PLAIN_OF.items():
        for side in sorted(rows.get(fast, {}).keys() & rows.get(plain, {}).keys()):
            a, b = rows[fast][side], rows[plain][side]
            share = f"{a['mib'] / b['mib']:.2f}" if b["mib"] >= 1 else ""
            faster = f"{b['convolutions'] / a['convolutions']:.1f}"
            cells.append([f"{fast} / {plain}", str(side), faster, share])
    heads = ["", "side", "times faster", "memory, share"]
    lines += ["", "## Fast path against reference", "", *table(heads, cells)]
    cells = []
    for name, original in ORIGINAL.items():
        form = f"{name}, folded" if f"{name}, folded" in rows else name
        if UNIT_SIDE in rows.get(form, {}):
            ours = rows[form][UNIT_SIDE]["convolutions"]
            half = rows.get(f"{name}, bfloat16", {}).get(UNIT_SIDE)
            gain = f"{rows[name][UNIT_SIDE]['convolutions'] / half['convolutions']:.2f}" if half else ""
            most, least = (original / convolution for convolution in ORIGINAL_CONVOLUTION)
            theirs, faster = f"{least:.0f} to {most:.0f}", f"{least / ours:.1f} to {most / ours:.1f}"
            cells.append([form, f"{ours:.0f}", theirs, faster, gain])
    heads = ["network", "restora", "authors' code", "times faster", "bfloat16, times faster"]
    lines += ["", f"## Against the authors' code, {UNIT_SIDE} x {UNIT_SIDE}", "", *table(heads, cells)]
    lines += [
        "",
        "The authors' code ran on another processor (AVX-512, bfloat16 in hardware), where the convolution took 15 to 22 ms. The",
        "last column is bfloat16 against float32 on this machine; where it is emulated, restora does not choose it.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    parser.add_argument("--again", action="store_true", help="measure again what is kept")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    file = RESULTS / f"layers{'' if DEVICE.type == 'cpu' else '-gpu'}.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    with torch.inference_mode():
        for side in arguments.sides:
            for name in layer_calls(side) | network_calls(side):  # the rows' order in the table
                kept.setdefault(name, {})
            makers = {
                name: maker
                for name, maker in (layer_calls(side) | network_calls(side)).items()
                if arguments.only in name and (arguments.again or str(side) not in kept[name])
            }
            for name, row in measure(makers, side):
                kept[name][str(side)] = row
                print(f"{name:45} {side:5} {row['convolutions']:9.1f} {row['mib']:8.0f} MiB", flush=True)
                file.write_text(json.dumps(kept, indent=1) + "\n")
                text = tables({n: r for n, r in kept.items() if r}, machine(), tuple(arguments.sides))
                file.with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
