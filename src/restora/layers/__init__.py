"""Operations that the networks are made of, one noun a file. They know only torch."""

from restora.layers.bilinear_resampling import BilinearDown, BilinearUp
from restora.layers.channel_attention import ChannelFilterAttention
from restora.layers.channel_gate import ChannelGate
from restora.layers.convolution import conv_gelu, upsample_gelu
from restora.layers.frequency_attention import ImplicitFrequencyAttention
from restora.layers.gated_feed_forward import GatedFeedForward
from restora.layers.knn_local_attention import (
    KNNLocalAttention,
    knn_local_attention,
    plain_knn_local_attention,
)
from restora.layers.layer_norm import ChannelLayerNorm, UncenteredLayerNorm
from restora.layers.local_pooling import GlobalMean, LocalMean, SubsampledLocalMean, box_means
from restora.layers.locally_enhanced_feed_forward import LocallyEnhancedFeedForward
from restora.layers.neighborhood_attention import (
    NeighborhoodAttention,
    neighborhood_attention,
    neighborhood_attention_reference,
)
from restora.layers.patch_groups import PatchGroups, group_patches
from restora.layers.resampling import downsample_unshuffle, upsample_shuffle

__all__ = [
    "BilinearDown",
    "BilinearUp",
    "ChannelFilterAttention",
    "ChannelGate",
    "ChannelLayerNorm",
    "GatedFeedForward",
    "GlobalMean",
    "ImplicitFrequencyAttention",
    "KNNLocalAttention",
    "LocalMean",
    "LocallyEnhancedFeedForward",
    "NeighborhoodAttention",
    "PatchGroups",
    "SubsampledLocalMean",
    "UncenteredLayerNorm",
    "box_means",
    "conv_gelu",
    "downsample_unshuffle",
    "group_patches",
    "knn_local_attention",
    "neighborhood_attention",
    "neighborhood_attention_reference",
    "plain_knn_local_attention",
    "upsample_gelu",
    "upsample_shuffle",
]
