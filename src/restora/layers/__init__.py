"""Operations that the networks are made of, one noun a file. They know only torch."""

from restora.layers.bilinear_resampling import BilinearDown, BilinearUp
from restora.layers.bilinear_sampling import bilinear_sample, bilinear_sample_reference
from restora.layers.channel_attention import ChannelFilterAttention
from restora.layers.channel_gate import ChannelGate
from restora.layers.convolution import conv_gelu, upsample_gelu
from restora.layers.deformable_attention import DeformableChannelAttention
from restora.layers.deformable_convolution import (
    DeformableConv2d,
    deformable_convolution,
    deformable_convolution_reference,
)
from restora.layers.folding import fold, fold_parts
from restora.layers.fourier_mixing import FourierMixing
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
from restora.layers.over_parameterized_convolution import OverParameterizedConv2d
from restora.layers.patch_groups import PatchGroups, group_patches
from restora.layers.precision import full_precision
from restora.layers.resampling import downsample_unshuffle, upsample_shuffle

__all__ = [
    "BilinearDown",
    "BilinearUp",
    "ChannelFilterAttention",
    "ChannelGate",
    "ChannelLayerNorm",
    "DeformableChannelAttention",
    "DeformableConv2d",
    "FourierMixing",
    "GatedFeedForward",
    "GlobalMean",
    "ImplicitFrequencyAttention",
    "KNNLocalAttention",
    "LocalMean",
    "LocallyEnhancedFeedForward",
    "NeighborhoodAttention",
    "OverParameterizedConv2d",
    "PatchGroups",
    "SubsampledLocalMean",
    "UncenteredLayerNorm",
    "bilinear_sample",
    "bilinear_sample_reference",
    "box_means",
    "conv_gelu",
    "deformable_convolution",
    "deformable_convolution_reference",
    "downsample_unshuffle",
    "fold",
    "fold_parts",
    "full_precision",
    "group_patches",
    "knn_local_attention",
    "neighborhood_attention",
    "neighborhood_attention_reference",
    "plain_knn_local_attention",
    "upsample_gelu",
    "upsample_shuffle",
]
