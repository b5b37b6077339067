"""ChaIR's weights: the authors' keys beside ours, and the hyper-parameters told from keys and shapes."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

OFFICIAL_NAMES: tuple[tuple[str, str], ...] = (
    (r"^encoder_full\.(\d+)\.", r"Encoder.0.layers.\1."),
    (r"^encoder_half\.(\d+)\.", r"Encoder.1.layers.\1."),
    (r"^encoder_quarter\.(\d+)\.", r"Encoder.2.layers.\1."),
    (r"^decoder_quarter\.(\d+)\.", r"Decoder.0.layers.\1."),
    (r"^decoder_half\.(\d+)\.", r"Decoder.1.layers.\1."),
    (r"^decoder_full\.(\d+)\.", r"Decoder.2.layers.\1."),
    (r"\.expand\.0\.", ".conv1.main.0."),
    (r"\.project\.", ".conv2.main.0."),
    (r"\.depthwise\.0\.", ".proj."),
    (r"\.attention\.0\.taps_from_mean\.", ".dyna_ch.conv."),
    (r"\.attention\.0\.norm\.", ".dyna_ch.filter_bn."),
    (r"\.attention\.0\.", ".dyna_ch."),
    (r"\.attention\.1\.cascade\.0\.0\.", ".sfconv.convll.0."),
    (r"\.attention\.1\.cascade\.1\.0\.", ".sfconv.convl.0."),
    (r"\.attention\.1\.cascade\.2\.0\.", ".sfconv.convm.0."),
    (r"\.attention\.1\.cascade\.3\.0\.", ".sfconv.convh.0."),
    (r"\.attention\.1\.squeeze\.", ".sfconv.fc."),
    (r"\.attention\.1\.excite\.", ".sfconv.fcs."),
    (r"\.attention\.1\.merge\.", ".sfconv.out."),
    (r"\.attention\.1\.", ".sfconv."),
    (r"^shallow_half\.norm\.", "SCM2.main.4."),
    (r"^shallow_quarter\.norm\.", "SCM1.main.4."),
    (r"^shallow_half\.layers\.3\.", "SCM2.main.3.main.0."),
    (r"^shallow_quarter\.layers\.3\.", "SCM1.main.3.main.0."),
    (r"^shallow_half\.layers\.(\d)\.0\.", r"SCM2.main.\1.main.0."),
    (r"^shallow_quarter\.layers\.(\d)\.0\.", r"SCM1.main.\1.main.0."),
    (r"^head\.0\.", "feat_extract.0.main.0."),
    (r"^down_half\.0\.", "feat_extract.1.main.0."),
    (r"^down_quarter\.0\.", "feat_extract.2.main.0."),
    (r"^up_half\.0\.", "feat_extract.3.main.0."),
    (r"^up_full\.0\.", "feat_extract.4.main.0."),
    (r"^tail_full\.", "feat_extract.5.main.0."),
    (r"^tail_quarter\.", "ConvsOut.0.main.0."),
    (r"^tail_half\.", "ConvsOut.1.main.0."),
    (r"^skip_half\.0\.", "Convs.0.main.0."),
    (r"^skip_full\.0\.", "Convs.1.main.0."),
    (r"^fuse_quarter\.", "FAM1.merge.main.0."),
    (r"^fuse_half\.", "FAM2.merge.main.0."),
)


def hyper_parameters(official: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tell width, blocks, attention and views from an official state dict, or one with such keys."""
    width, channels, _, _ = official["feat_extract.0.main.0.weight"].shape
    blocks = [0, 0, 0]
    attention = [False, False, False]
    for key in official:
        if match := re.match(r"Encoder\.([012])\.layers\.(\d+)\.", key):
            scale = int(match[1])
            blocks[scale] = max(blocks[scale], int(match[2]) + 1)
            attention[scale] |= ".sfconv." in key
    return {
        "width": width,
        "blocks": tuple(blocks),
        "attention": tuple(attention),
        "dual_pixel": channels == 6,
    }
