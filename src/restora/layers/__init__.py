"""Operations that the networks are made of, one noun a file. They know only torch."""

from restora.layers.channel_attention import ChannelFilterAttention
from restora.layers.channel_gate import ChannelGate
from restora.layers.convolution import conv_gelu, upsample_gelu
from restora.layers.frequency_attention import ImplicitFrequencyAttention
from restora.layers.gated_feed_forward import GatedFeedForward
from restora.layers.layer_norm import ChannelLayerNorm, UncenteredLayerNorm
from restora.layers.local_pooling import GlobalMean, LocalMean, SubsampledLocalMean, box_means
from restora.layers.neighborhood_attention import (
    NeighborhoodAttention,
    neighborhood_attention,
    neighborhood_attention_reference,
)
from restora.layers.resampling import downsample_unshuffle, upsample_shuffle

__all__ = [
    "ChannelFilterAttention",
    "ChannelGate",
    "ChannelLayerNorm",
    "GatedFeedForward",
    "GlobalMean",
    "ImplicitFrequencyAttention",
    "LocalMean",
    "NeighborhoodAttention",
    "SubsampledLocalMean",
    "UncenteredLayerNorm",
    "box_means",
    "conv_gelu",
    "downsample_unshuffle",
    "neighborhood_attention",
    "neighborhood_attention_reference",
    "upsample_gelu",
    "upsample_shuffle",
]
