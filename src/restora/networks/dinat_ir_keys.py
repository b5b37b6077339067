"""DiNAT-IR's weights: the authors' keys beside ours, and the hyper-parameters told from keys and shapes."""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

OFFICIAL_NAMES: tuple[tuple[str, str], ...] = (
    (r"^head\.", "patch_embed.proj."),
    (r"^encoder_full\.", "encoder_level1."),
    (r"^encoder_half\.", "encoder_level2."),
    (r"^encoder_quarter\.", "encoder_level3."),
    (r"^decoder_quarter\.", "decoder_level3."),
    (r"^decoder_half\.", "decoder_level2."),
    (r"^decoder_full\.", "decoder_level1."),
    (r"^down_half\.0\.", "down1_2.body.0."),
    (r"^down_quarter\.0\.", "down2_3.body.0."),
    (r"^down_eighth\.0\.", "down3_4.body.0."),
    (r"^up_quarter\.0\.", "up4_3.body.0."),
    (r"^up_half\.0\.", "up3_2.body.0."),
    (r"^up_full\.0\.", "up2_1.body.0."),
    (r"^merge_quarter\.", "reduce_chan_level3."),
    (r"^merge_half\.", "reduce_chan_level2."),
    (r"^skip\.", "skip_conv."),
    (r"^tail\.", "output."),
    (r"\.near\.", ".local."),
    (r"\.far\.", ".globl."),
    (r"\.attention_norm\.", ".norm1.body."),
    (r"\.attention\.offset_bias$", ".na2d.rpb"),
    (r"\.attention\.qkv\.", ".na2d.qkv."),
    (r"\.attention\.project\.", ".na2d.proj."),
    (r"\.gate\.mix\.", ".conv."),
    (r"\.feed_forward_norm\.", ".norm2.body."),
    (r"\.feed_forward\.expand\.", ".ffn.project_in."),
    (r"\.feed_forward\.depthwise\.", ".ffn.dwconv."),
    (r"\.feed_forward\.project\.", ".ffn.project_out."),
)

PUBLISHED_EXPANSION = 2.66
STAGES = ("encoder_level1", "encoder_level2", "encoder_level3", "latent")


def hyper_parameters(official: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tell all but dilations and mode, which leave no trace in keys or shapes, from an official state dict."""
    first = {stage: f"{stage}.0.local" for stage in STAGES}
    return {
        "width": official["patch_embed.proj.weight"].shape[0],
        "blocks": tuple(_pairs(official, stage) for stage in STAGES),
        "refinement_blocks": _pairs(official, "refinement"),
        "heads": tuple(official[f"{block}.na2d.rpb"].shape[0] for block in first.values()),
        "expansion": _expansion([official[f"{b}.ffn.project_out.weight"] for b in first.values()]),
        "bias": "output.bias" in official,
        "centered_norm": f"{first['latent']}.norm1.body.bias" in official,
        "channel_gate": f"{first['latent']}.conv.weight" in official,
        "dual_pixel": "skip_conv.weight" in official,
    }


def _pairs(official: Mapping[str, Tensor], stage: str) -> int:
    """Count the pairs of blocks of a stage."""
    return len({key.split(".")[1] for key in official if key.startswith(f"{stage}.")})


def _expansion(projections: list[Tensor]) -> float:
    """Tell the expansion e from projections of floor(c * e) hidden channels to c channels.

    The published value where it fits, else the shortest decimal that does.
    """
    shapes = [(int(weight.shape[0]), int(weight.shape[1])) for weight in projections]
    lowest: float = max(hidden / channels for channels, hidden in shapes)
    decimals: list[float] = [math.ceil(lowest * 10**digits) / 10**digits for digits in range(1, 8)]
    for expansion in (PUBLISHED_EXPANSION, *decimals):
        if all(int(channels * expansion) == hidden for channels, hidden in shapes):
            return expansion
    raise ValueError(f"no expansion gives {shapes}")
