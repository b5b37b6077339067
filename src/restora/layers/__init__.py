"""Operations that the networks are made of, one noun a file. They know only torch."""

from restora.layers.bilinear_resampling import BilinearDown, BilinearUp
from restora.layers.channel_attention import ChannelFilterAttention
from restora.layers.convolution import conv_gelu, upsample_gelu
from restora.layers.frequency_attention import ImplicitFrequencyAttention
from restora.layers.knn_local_attention import (
    KNNLocalAttention,
    knn_local_attention,
    plain_knn_local_attention,
)
from restora.layers.locally_enhanced_feed_forward import LocallyEnhancedFeedForward
from restora.layers.patch_groups import PatchGroups, group_patches

__all__ = [
    "BilinearDown",
    "BilinearUp",
    "ChannelFilterAttention",
    "ImplicitFrequencyAttention",
    "KNNLocalAttention",
    "LocallyEnhancedFeedForward",
    "PatchGroups",
    "conv_gelu",
    "group_patches",
    "knn_local_attention",
    "plain_knn_local_attention",
    "upsample_gelu",
]
