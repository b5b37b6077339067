"""Operations that the networks are made of, one noun a file. They know only torch."""

from restora.layers.channel_attention import ChannelFilterAttention
from restora.layers.convolution import conv_gelu, upsample_gelu
from restora.layers.frequency_attention import ImplicitFrequencyAttention

__all__ = ["ChannelFilterAttention", "ImplicitFrequencyAttention", "conv_gelu", "upsample_gelu"]
