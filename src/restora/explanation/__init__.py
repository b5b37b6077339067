"""What a network looks at: pictures of receptive fields, neighbours, displacements and channels."""

from restora.explanation.channels import ChannelWeights, channel_weights, draw_channel_weights
from restora.explanation.displacements import SampledPositions, draw_positions, sampled_positions
from restora.explanation.receptive_field import draw_receptive_field, receptive_field

__all__ = [
    "ChannelWeights",
    "SampledPositions",
    "channel_weights",
    "draw_channel_weights",
    "draw_positions",
    "draw_receptive_field",
    "receptive_field",
    "sampled_positions",
]
