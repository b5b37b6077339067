"""Operations that the networks are made of, one noun a file. They know only torch."""

from restora.layers.bilinear_sampling import bilinear_sample, bilinear_sample_reference
from restora.layers.channel_attention import ChannelFilterAttention
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
from restora.layers.layer_norm import ChannelLayerNorm, UncenteredLayerNorm
from restora.layers.over_parameterized_convolution import OverParameterizedConv2d
from restora.layers.precision import full_precision
from restora.layers.resampling import downsample_unshuffle, upsample_shuffle

__all__ = [
    "ChannelFilterAttention",
    "ChannelLayerNorm",
    "DeformableChannelAttention",
    "DeformableConv2d",
    "FourierMixing",
    "GatedFeedForward",
    "ImplicitFrequencyAttention",
    "OverParameterizedConv2d",
    "UncenteredLayerNorm",
    "bilinear_sample",
    "bilinear_sample_reference",
    "conv_gelu",
    "deformable_convolution",
    "deformable_convolution_reference",
    "downsample_unshuffle",
    "fold",
    "fold_parts",
    "full_precision",
    "upsample_gelu",
    "upsample_shuffle",
]
