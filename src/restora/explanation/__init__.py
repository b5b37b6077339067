"""What a network looks at: pictures of receptive fields, neighbours, displacements and channels."""

from restora.explanation.channels import ChannelWeights, channel_weights, draw_channel_weights
from restora.explanation.displacements import SampledPositions, draw_positions, sampled_positions
from restora.explanation.drawing import What, drawn
from restora.explanation.neighbours import draw_knn_groups
from restora.explanation.receptive_field import draw_receptive_field, receptive_field

__all__ = [
    "ChannelWeights",
    "SampledPositions",
    "What",
    "channel_weights",
    "draw_channel_weights",
    "draw_knn_groups",
    "draw_positions",
    "draw_receptive_field",
    "drawn",
    "receptive_field",
    "sampled_positions",
]
