"""Operations that the networks are made of, one noun a file. They know only torch."""

from restora.layers.bilinear_sampling import bilinear_sample, bilinear_sample_reference
from restora.layers.deformable_attention import DeformableChannelAttention
from restora.layers.deformable_convolution import (
    DeformableConv2d,
    deformable_convolution,
    deformable_convolution_reference,
)
from restora.layers.folding import fold, fold_parts
from restora.layers.fourier_transform import fourier, inverse_fourier
from restora.layers.gated_feed_forward import GatedFeedForward
from restora.layers.knn_local_attention import (
    KNNLocalAttention,
    knn_local_attention,
    plain_knn_local_attention,
)
from restora.layers.layer_norm import BiasFreeLayerNorm, ChannelLayerNorm
from restora.layers.local_pooling import (
    GlobalMean,
    InstanceNorm,
    LocalMean,
    SubsampledLocalMean,
    box_means,
)
from restora.layers.neighborhood_attention import (
    NeighborhoodAttention,
    neighborhood_attention,
    neighborhood_attention_reference,
)
from restora.layers.over_parameterized_convolution import OverParameterizedConv2d
from restora.layers.patches import PatchGroups, group_patches
from restora.layers.precision import full_precision
from restora.layers.resampling import downsample_unshuffle, upsample_shuffle

__all__ = [
    "BiasFreeLayerNorm",
    "ChannelLayerNorm",
    "DeformableChannelAttention",
    "DeformableConv2d",
    "GatedFeedForward",
    "GlobalMean",
    "InstanceNorm",
    "KNNLocalAttention",
    "LocalMean",
    "NeighborhoodAttention",
    "OverParameterizedConv2d",
    "PatchGroups",
    "SubsampledLocalMean",
    "bilinear_sample",
    "bilinear_sample_reference",
    "box_means",
    "deformable_convolution",
    "deformable_convolution_reference",
    "downsample_unshuffle",
    "fold",
    "fold_parts",
    "fourier",
    "inverse_fourier",
    "full_precision",
    "group_patches",
    "knn_local_attention",
    "neighborhood_attention",
    "neighborhood_attention_reference",
    "plain_knn_local_attention",
    "upsample_shuffle",
]
