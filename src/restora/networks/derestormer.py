"""DeRestormer: deformable attention and a frequency branch in a U-shaped network of three scales.

Paper: "Image Restoration with Deformable-related Guidance", 2025. This follows the published code, which differs from
the paper's figure in places (docs/networks/derestormer.md). Where a step looks odd, published weights depend on it.

Features at full, half and quarter size. The image also enters at the two reduced sizes, there is an output at each
size, and the skip connections of the two larger sizes join all three encoders by deformable convolutions.
"""

from dataclasses import dataclass, replace
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers import (
    ChannelLayerNorm,
    DeformableChannelAttention,
    DeformableConv2d,
    GatedFeedForward,
    OverParameterizedConv2d,
    downsample_unshuffle,
    fold_parts,
    fourier,
    inverse_fourier,
    upsample_shuffle,
)
from restora.networks.architecture import Architecture
from restora.networks.contract import Requirements, RestorationNetwork
from restora.networks.derestormer_keys import OFFICIAL_NAMES, hyper_parameters, identities

EXPANSION = 2.66
"""Hidden channels of a feed-forward layer for each of its channels."""


@dataclass(frozen=True)
class DeRestormerConfig:
    """Size of a DeRestormer network.

    Attributes:
        width: Channels at full size; half size has twice as many, quarter size four times. A head of the attention
            is as wide, so there are 1, 2 and 4 heads. A multiple of 4.
        blocks: Pairs of blocks in a stage at full, half and quarter size; the encoder's and the decoder's stage of a
            scale are alike. The published network has the same number (``num_res``) everywhere.
        kernels: Sides of the deformable kernels that read the features of the largest, the middle and the smallest
            scale where skip connections join. In a narrow network the published 7, 5, 3 cost more than all blocks.
        folded: Whether the convolutions are plain ones, for inference, instead of over-parameterised; the output is
            the same. `DeRestormer.fold` makes such a network from a trained one.

    Raises:
        ValueError: A value is outside its range.

    Example:
        >>> DeRestormerConfig(width=24).width
        24
    """

    width: int = 32
    blocks: tuple[int, int, int] = (8, 8, 8)
    kernels: tuple[int, int, int] = (7, 5, 3)
    folded: bool = False

    def __post_init__(self) -> None:
        if self.width < 4 or self.width % 4:
            raise ValueError(f"width must be a multiple of 4, got {self.width}")
        if len(self.blocks) != 3 or min(self.blocks) < 1:
            raise ValueError(f"blocks must be three numbers of at least 1, got {self.blocks}")
        if len(self.kernels) != 3 or min(self.kernels) < 1 or not all(kernel % 2 for kernel in self.kernels):
            raise ValueError(f"kernels must be three odd numbers, got {self.kernels}")


def conv_relu(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Sequential:
    """Build an over-parameterised convolution, zero padded by half its kernel, with a ReLU behind it."""
    return nn.Sequential(OverParameterizedConv2d(in_channels, out_channels, kernel_size, stride), nn.ReLU())


def upsample_relu(in_channels: int, out_channels: int) -> nn.Sequential:
    """Build a plain transposed 4x4 convolution of stride 2 with ReLU: (B, in, H, W) to (B, out, 2H, 2W)."""
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False), nn.ReLU()
    )


def depthwise(channels: int) -> nn.Module:
    """Build an over-parameterised 3x3 convolution of each channel by itself."""
    return OverParameterizedConv2d(channels, channels, 3, groups=channels)


class FourierMixing(nn.Module):
    """Two 1x1 convolutions with a ReLU between them on the Fourier coefficients of a feature map.

        z = F(x),  [Re z', Im z'] = W2 ReLU(W1 [Re z, Im z]),  output = F^-1(z')

    F is the two-dimensional transform of a real map, over all of it: the output depends on the size of the map.
    Because there are no biases, scaling F does not matter; the unitary one keeps coefficients within half precision.
    The transforms are always in float32.

    Source: the frequency branch of DeepRFT (AAAI 2023), here in DeRestormer.

    Args:
        channels: C of the features (B, C, H, W).

    Example:
        >>> FourierMixing(4)(torch.rand(1, 4, 5, 6)).shape
        torch.Size([1, 4, 5, 6])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.expand = OverParameterizedConv2d(2 * channels, 2 * channels, 1)
        self.project = OverParameterizedConv2d(2 * channels, 2 * channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Mix (B, C, H, W); the shape stays, the values are float32."""
        dtype = torch.promote_types(x.dtype, torch.float32)
        parts = torch.cat(fourier(x.to(dtype)), dim=1)  # (B, 2C, H, W // 2 + 1)
        real, imaginary = self.project(F.relu(self.expand(parts))).to(dtype).chunk(2, dim=1)
        return inverse_fourier(real, imaginary, x.shape[3])


class SpatialFrequencyBlock(nn.Module):
    """x + conv(ReLU(conv(x))) + F^-1(mix(F(x))): (B, C, H, W), shape kept (the figure's SFFM)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial = nn.Sequential(
            *conv_relu(channels, channels, 3), OverParameterizedConv2d(channels, channels, 3)
        )
        self.frequency = FourierMixing(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        out: Tensor = x + self.spatial(x) + self.frequency(x)
        return out


class TransformerBlock(nn.Module):
    """x + attention(norm(x)), then x + feed_forward(norm(x)): (B, C, H, W), shape kept."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.attention_norm = ChannelLayerNorm(channels)
        self.attention = DeformableChannelAttention(channels, heads)
        self.feed_forward_norm = ChannelLayerNorm(channels)
        self.feed_forward = GatedFeedForward(channels, EXPANSION, depthwise=depthwise)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        x = x + self.attention(self.attention_norm(x))
        out: Tensor = x + self.feed_forward(self.feed_forward_norm(x))
        return out


def stage(channels: int, blocks: int, heads: int) -> nn.Sequential:
    """Build pairs of a spatial-frequency block and a transformer block."""
    return nn.Sequential(
        *(
            block
            for _ in range(blocks)
            for block in (SpatialFrequencyBlock(channels), TransformerBlock(channels, heads))
        )
    )


class ShallowFeatures(nn.Module):
    """Features of the reduced image (B, 3, H, W) -> (B, C, H, W), the image among them (the papers' SCM)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_relu(3, channels // 4, 3),
            conv_relu(channels // 4, channels // 2, 1),
            conv_relu(channels // 2, channels // 2, 3),
            conv_relu(channels // 2, channels - 3, 1),
        )
        self.project = OverParameterizedConv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the features."""
        out: Tensor = self.project(torch.cat([x, self.layers(x)], dim=1))
        return out


class FeatureAttention(nn.Module):
    """main + conv(main * side), all (B, C, H, W) (the papers' FAM)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.merge = OverParameterizedConv2d(channels, channels, 3)

    def forward(self, main: Tensor, side: Tensor) -> Tensor:
        """Let the side's features emphasise the main ones."""
        out: Tensor = main + self.merge(main * side)
        return out


class DeformableGatedFusion(nn.Module):
    """Join the features of three scales, brought to one size (the code's DGFM, the figure's DAM).

        A, B, S = deformable(ReLU(conv1x1(.))) of the largest, middle and smallest scale
        t = ReLU(conv1x1(tanh(B) A)),   t = ReLU(conv1x1(tanh(S) t)),   output = t + largest + middle + smallest

    Args:
        channels: C of all three (B, C, H, W) and of the output.
        kernels: Sides of the three deformable kernels.
    """

    def __init__(self, channels: int, kernels: tuple[int, int, int]) -> None:
        super().__init__()
        self.largest, self.middle, self.smallest = (
            nn.Sequential(*conv_relu(channels, channels, 1), DeformableConv2d(channels, channels, kernel))
            for kernel in kernels
        )
        self.merge_middle, self.merge_smallest = (conv_relu(channels, channels, 1) for _ in range(2))

    def forward(self, largest: Tensor, middle: Tensor, smallest: Tensor) -> Tensor:
        """Join the three."""
        t = self.merge_middle(torch.tanh(self.middle(middle)) * self.largest(largest))
        t = self.merge_smallest(torch.tanh(self.smallest(smallest)) * t)
        out: Tensor = t + (largest + middle + smallest)
        return out


class DeRestormer(RestorationNetwork):
    """The network.

    Args:
        config: Its size; the published one by default.

    Example:
        >>> network = DeRestormer(DeRestormerConfig(width=8, blocks=(1, 1, 1))).eval()
        >>> network(torch.rand(1, 3, 16, 24)).shape
        torch.Size([1, 3, 16, 24])
    """

    config: DeRestormerConfig

    def __init__(self, config: DeRestormerConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or DeRestormerConfig()
        w = config.width
        full, half, quarter = ((w * 2**i, blocks, 2**i) for i, blocks in enumerate(config.blocks))
        self.shallow_half, self.shallow_quarter = ShallowFeatures(2 * w), ShallowFeatures(4 * w)
        self.head = conv_relu(3, w, 3)
        self.down_half = conv_relu(w, 2 * w, 3, stride=2)
        self.down_quarter = conv_relu(2 * w, 4 * w, 3, stride=2)
        self.fuse_half, self.fuse_quarter = FeatureAttention(2 * w), FeatureAttention(4 * w)
        self.encoder_full, self.encoder_half, self.encoder_quarter = (
            stage(*full),
            stage(*half),
            stage(*quarter),
        )
        # Encoder features brought to the size of others, for the skip connections to join.
        self.full_to_half = downsample_unshuffle(w)
        self.half_to_full, self.quarter_to_half = upsample_shuffle(2 * w), upsample_shuffle(4 * w)
        self.quarter_to_full = upsample_shuffle(2 * w)  # from quarter_to_half
        self.join_full = DeformableGatedFusion(w, config.kernels)
        self.join_half = DeformableGatedFusion(2 * w, config.kernels)
        self.decoder_quarter, self.decoder_half, self.decoder_full = (
            stage(*quarter),
            stage(*half),
            stage(*full),
        )
        self.up_half, self.up_full = upsample_relu(4 * w, 2 * w), upsample_relu(2 * w, w)
        self.skip_half, self.skip_full = conv_relu(4 * w, 2 * w, 1), conv_relu(2 * w, w, 1)
        self.tail_quarter = OverParameterizedConv2d(4 * w, 3, 3)
        self.tail_half = OverParameterizedConv2d(2 * w, 3, 3)
        self.tail_full = OverParameterizedConv2d(w, 3, 3)
        if config.folded:
            fold_parts(self)

    @property
    def requirements(self) -> Requirements:
        """Multiple of 4, at least 8 pixels a side (the published code fails on maps of one pixel).

        Square, as all that it was trained and tested on: of a map that is not, the attention reads the transposed one,
        and so nothing beyond the shorter side.
        """
        precisions = ("float32", "bfloat16", "float16")
        return Requirements(
            multiple=4,
            min_size=8,
            global_context=True,
            square=True,
            precisions=precisions,
            engine_tile=384,
            exports_quickly=False,
            scales=3,
        )

    def fold(self) -> Self:
        """Return a copy with plain convolutions: the same output, fewer parameters, a little faster."""
        folded = super().fold()
        folded.config = replace(self.config, folded=True)
        return folded

    def forward(self, x: Tensor) -> Tensor:
        """Restore images (B, 3, H, W) in [0, 1] -> (B, 3, H, W), not clamped; see `requirements` for H and W."""
        return self.forward_scales(x)[-1]

    def forward_scales(self, x: Tensor) -> list[Tensor]:
        """Restore at quarter, half and full size: (B, 3, H/4, W/4), (B, 3, H/2, W/2), (B, 3, H, W), not clamped."""
        # A pixel's channels lie together, as sampling at displaced positions wants them.
        x = x.contiguous(memory_format=torch.channels_last)
        x_half = x[:, :, ::2, ::2]  # nearest neighbour, as published
        x_quarter = x_half[:, :, ::2, ::2]

        e_full = self.encoder_full(self.head(x))
        e_half = self.fuse_half(self.down_half(e_full), self.shallow_half(x_half))
        e_half = self.encoder_half(e_half)
        e_quarter = self.fuse_quarter(self.down_quarter(e_half), self.shallow_quarter(x_quarter))
        e_quarter = self.encoder_quarter(e_quarter)

        raised = self.quarter_to_half(e_quarter)
        skip_half = self.join_half(self.full_to_half(e_full), e_half, raised)
        skip_full = self.join_full(e_full, self.half_to_full(e_half), self.quarter_to_full(raised))

        d_quarter = self.decoder_quarter(e_quarter)
        d_half = self.skip_half(torch.cat([self.up_half(d_quarter), skip_half], dim=1))
        d_half = self.decoder_half(d_half)
        d_full = self.skip_full(torch.cat([self.up_full(d_half), skip_full], dim=1))
        d_full = self.decoder_full(d_full)
        return [
            self.tail_quarter(d_quarter) + x_quarter,
            self.tail_half(d_half) + x_half,
            self.tail_full(d_full) + x,
        ]


ARCHITECTURE = Architecture(
    name="derestormer",
    title="DeRestormer",
    paper="Image Restoration with Deformable-related Guidance, 2025",
    network=DeRestormer,
    variants={
        # The published network: num_res 8.
        "base": DeRestormerConfig(),
        # Ours, under 3 M parameters.
        "small": DeRestormerConfig(width=16, blocks=(2, 3, 2), kernels=(5, 3, 3)),
        # Ours, under 0.8 M parameters, for a laptop.
        "tiny": DeRestormerConfig(width=8, blocks=(2, 2, 2), kernels=(3, 3, 3)),
    },
    stages=("encoder_full", "encoder_half", "encoder_quarter"),
    hyper_parameters=hyper_parameters,
    official_names=OFFICIAL_NAMES,
    constants=identities,
)
