"""Grow trained weights of ChaIR into a wider and deeper variant that computes nearly the same: a start for `restora train --init`.

    python benchmarks/grow.py denoise-chair-tiny small FOLDER

New channels begin at random, with nothing flowing from them into what was there; new blocks add nothing, attentions where there were
none are the identity. In the attention over bands, whose softmax new channels share, what is merged is scaled by the ratio of the
widths: there alone the function changes a little. Prints by how much the restored picture differs.

Source of the idea: "Net2Net: Accelerating Learning via Knowledge Transfer" (ICLR 2016).
"""

from dataclasses import asdict
from pathlib import Path

import torch
from harness import command_line
from torch import Tensor

from restora.checkpoints import WeightsCard, load_model, save_weights
from restora.networks import ARCHITECTURES
from restora.networks.chair import ChaIRConfig
from restora.restoration.measuring import trial_picture

STAGES = ("full", "half", "quarter")


def grown(
    old: dict[str, Tensor], new: dict[str, Tensor], small: ChaIRConfig, large: ChaIRConfig
) -> dict[str, Tensor]:
    """Return the weights of the larger network, given its fresh ones."""
    found = {}
    for name, fresh in new.items():
        source = _source(name, small, large)
        if source in old:
            found[name] = _embedded(name, old[source], fresh)
        else:
            found[name] = torch.zeros_like(fresh) if ".project." in name else fresh
    return found


def _source(name: str, small: ChaIRConfig, large: ChaIRConfig) -> str | None:
    """Name the weights that go here; of a stage the last block stays last if it alone has attentions."""
    head, *rest = name.split(".")
    if not head.startswith(("encoder_", "decoder_")):
        return name
    level = STAGES.index(head.partition("_")[2])
    number, before, after = int(rest[0]), small.blocks[level], large.blocks[level]
    if small.attention[level] and number == after - 1:
        number = before - 1
    elif number >= before - small.attention[level]:
        return None
    return ".".join([head, str(number), *rest[1:]])


def _embedded(name: str, old: Tensor, fresh: Tensor) -> Tensor:
    """Put old weights where they belong among fresh ones."""
    if old.ndim == 0:
        return old
    weight = fresh.clone()
    taps = "taps_from_mean" in name or ".attention.0.norm." in name
    joined = name.startswith(("fuse_", "skip_"))  # their input is two maps, one behind the other
    inputs = 0 if name.startswith("up_") else 1
    parts = [3 if taps and axis == 0 else 2 if joined and axis == inputs else 1 for axis in range(old.ndim)]
    places = [_segments(o, n, p) for o, n, p in zip(old.shape, fresh.shape, parts, strict=True)]
    if (
        old.ndim == 4 and old.shape[1] > 1 and old.shape[0] > 1
    ):  # not depthwise, not a factor for each channel
        for _, rows in places[1 - inputs]:
            weight.movedim(1 - inputs, 0)[rows] = 0
    for o, n in _combinations(places):
        weight[n] = old[o]
    if name.endswith(".merge.weight"):
        weight[: len(old)] *= fresh.shape[1] / old.shape[1]
    return weight


def _segments(old: int, new: int, parts: int) -> list[tuple[slice, slice]]:
    """Return where each of the parts of an axis lies before and afterwards."""
    a, b = old // parts, new // parts
    return [(slice(i * a, (i + 1) * a), slice(i * b, i * b + a)) for i in range(parts)]


def _combinations(
    places: list[list[tuple[slice, slice]]],
) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    found: list[tuple[tuple[slice, ...], tuple[slice, ...]]] = [((), ())]
    for axis in places:
        found = [((*o, part[0]), (*n, part[1])) for o, n in found for part in axis]
    return found


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("weights", help="a name of `restora weights`, or a file")
    parser.add_argument("variant", help="of ChaIR, nowhere narrower or shallower")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    chair, small = ARCHITECTURES["chair"], load_model(arguments.weights)
    large = chair.build(chair.variant(arguments.variant)).eval()
    large.load_state_dict(grown(small.state_dict(), large.state_dict(), small.config, large.config))
    picture, _ = trial_picture(256, small.requirements.in_channels)
    with torch.inference_mode():
        difference = 255 * (large(picture) - small(picture)).abs().max()
    card: WeightsCard = small.card.model_copy(
        update={
            "name": small.card.name.replace(small.card.variant, arguments.variant),
            "variant": arguments.variant,
            "config": asdict(large.config),
            "parameters": sum(parameter.numel() for parameter in large.parameters()),
            "scores": (),
        }
    )
    arguments.folder.mkdir(parents=True, exist_ok=True)
    print(f"{save_weights(arguments.folder, large.state_dict(), card)}: {difference:.2f} grey levels at most")


if __name__ == "__main__":
    main()
