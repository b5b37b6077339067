"""DeRestormer's weights: the authors' keys beside ours, and the hyper-parameters told from keys and shapes."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

OFFICIAL_NAMES: tuple[tuple[str, str], ...] = (
    (r"^encoder_full\.", "Encoder.0.layers."),
    (r"^encoder_half\.", "Encoder.1.layers."),
    (r"^encoder_quarter\.", "Encoder.2.layers."),
    (r"^decoder_quarter\.", "Decoder.0.layers."),
    (r"^decoder_half\.", "Decoder.1.layers."),
    (r"^decoder_full\.", "Decoder.2.layers."),
    # The over-parameterised convolutions, in their factors or folded: theirs end in a layer "main.0".
    (r"\.spatial\.0\.", ".main.0.DO."),
    (r"\.spatial\.2\.", ".main.1.DO."),
    (r"\.frequency\.expand\.", ".main_fft.0.DO."),
    (r"\.frequency\.project\.", ".main_fft.1.DO."),
    (r"\.feed_forward\.depthwise\.", ".ffn.dwconv.DO."),
    (r"^shallow_half\.project\.", "SCM2.conv.DO."),
    (r"^shallow_quarter\.project\.", "SCM1.conv.DO."),
    (r"^shallow_half\.layers\.(\d)\.0\.", r"SCM2.main.\1.DO."),
    (r"^shallow_quarter\.layers\.(\d)\.0\.", r"SCM1.main.\1.DO."),
    (r"^head\.0\.", "feat_extract.0.DO."),
    (r"^down_half\.0\.", "feat_extract.1.DO."),
    (r"^down_quarter\.0\.", "feat_extract.2.DO."),
    (r"^tail_full\.", "feat_extract.5.DO."),
    (r"^tail_quarter\.", "ConvsOut.0.DO."),
    (r"^tail_half\.", "ConvsOut.1.DO."),
    (r"^skip_half\.0\.", "Convs.0.DO."),
    (r"^skip_full\.0\.", "Convs.1.DO."),
    (r"^fuse_quarter\.merge\.", "FAM1.merge.DO."),
    (r"^fuse_half\.merge\.", "FAM2.merge.DO."),
    (r"^(join_\w+)\.(largest|middle|smallest)\.0\.", r"\1.\2.0.DO."),
    (r"^(join_\w+)\.merge_middle\.0\.", r"\1.conv1.DO."),
    (r"^(join_\w+)\.merge_smallest\.0\.", r"\1.conv2.DO."),
    (r"\.DO\.weight$", ".main.0.W"),
    (r"\.DO\.mixing$", ".main.0.D"),
    # All others.
    (r"\.attention_norm\.", ".norm1.body."),
    (r"\.feed_forward_norm\.", ".norm2.body."),
    (r"\.attention\.mix\.", ".attn.qkv."),
    (r"\.attention\.query_near\.", ".attn.q_conv1."),
    (r"\.attention\.query_middle\.", ".attn.q_conv2."),
    (r"\.attention\.query_far\.", ".attn.q_conv3."),
    (r"\.attention\.key\.", ".attn.k_conv."),
    (r"\.attention\.value\.", ".attn.v_conv."),
    (r"\.attention\.displacement\.", ".attn.offset_conv."),
    (r"\.attention\.project\.", ".attn.project_out."),
    (r"\.attention\.", ".attn."),
    (r"\.feed_forward\.expand\.", ".ffn.project_in."),
    (r"\.feed_forward\.project\.", ".ffn.project_out."),
    (r"^up_half\.0\.", "feat_extract.3.main.0."),
    (r"^up_full\.0\.", "feat_extract.4.main.0."),
    (r"^half_to_full\.0\.", "up_1.body.0."),
    (r"^quarter_to_half\.0\.", "up_2.body.0."),
    (r"^quarter_to_full\.0\.", "up_3.body.0."),
    (r"^full_to_half\.0\.", "down_1.body.0."),
    (r"^join_full\.", "DGFMs.0."),
    (r"^join_half\.", "DGFMs.1."),
    (r"^(DGFMs\.\d)\.largest\.", r"\1.conv_max."),
    (r"^(DGFMs\.\d)\.middle\.", r"\1.conv_mid."),
    (r"^(DGFMs\.\d)\.smallest\.", r"\1.conv_small."),
    (r"^(DGFMs\.\d\.\w+)\.2\.offset\.", r"\1.1.offset_conv."),
    (r"^(DGFMs\.\d\.\w+)\.2\.strength\.", r"\1.1.modulator_conv."),
    (r"^(DGFMs\.\d\.\w+)\.2\.weight$", r"\1.1.regular_conv.weight"),
)


def hyper_parameters(official: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tell width, blocks, kernels and whether it is folded from an official state dict.

    Files of the published evaluation classes hold the folded kernels, four-dimensional and without factors D.
    """
    head = official["feat_extract.0.main.0.W"]
    fusion = "DGFMs.0.conv_{}.1.regular_conv.weight"
    return {
        "width": head.shape[0],
        "blocks": tuple(_pairs(official, f"Encoder.{scale}.layers.") for scale in range(3)),
        "kernels": tuple(official[fusion.format(scale)].shape[-1] for scale in ("max", "mid", "small")),
        "folded": head.ndim == 4,
    }


def _pairs(official: Mapping[str, Tensor], stage: str) -> int:
    """Count the pairs of blocks of a stage."""
    return len({key.split(".")[3] for key in official if key.startswith(stage)}) // 2


def identities(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the entries D_diag that stand beside every factor D: an identity matrix for each input channel.

    The published code stores them as parameters that are never trained; here they are part of the formula.
    """
    return {
        f"{name}_diag": torch.eye(d.shape[-1], dtype=d.dtype, device=d.device).repeat(len(d), 1, 1)
        for name, d in official.items()
        if name.endswith(".main.0.D")
    }
