"""DiNAT-IR: neighborhood attention, by turns dense and dilated, in a U-shaped transformer.

Paper: "DiNAT-IR: Exploring Dilated Neighborhood Attention for High-Quality Image Restoration", arXiv 2507.17892, 2025.
The shape is Restormer's. Its blocks come in pairs: the first attends to the 7x7 pixels around each pixel, the second to
7x7 pixels so far apart that they span a training image. What attention cannot see, the statistics of the whole image,
comes through a gate for each channel (the channel-aware module).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers import (
    BiasFreeLayerNorm,
    ChannelLayerNorm,
    GatedFeedForward,
    GlobalMean,
    NeighborhoodAttention,
    downsample_unshuffle,
    upsample_shuffle,
)
from restora.networks.architecture import Architecture
from restora.networks.contract import Requirements, RestorationNetwork
from restora.networks.dinat_ir_keys import OFFICIAL_NAMES, hyper_parameters

Mode = Literal["hybrid", "local_only", "global_only"]

KERNEL_SIZE = 7
"""Side of the neighborhood, in every published network."""

SMALLEST_DIRECTION = 1e-4
"""Singular values below this share of the largest are left out of a fit, so that its weights stay small."""

ENGINE_TILE = 576
"""Multiple of all published dilations, so that the classes of pixels that see one another are equally long: a third of the graph."""


@dataclass(frozen=True)
class DiNATIRConfig:
    """Size and form of a DiNAT-IR network. The four scales are full, half, quarter and eighth size.

    Attributes:
        width: Channels at full size, even; each smaller scale has twice as many as the one before it.
        blocks: Pairs of blocks in a stage of each scale; the encoder's and the decoder's are alike.
        refinement_blocks: Pairs of blocks behind the decoder, at full size.
        heads: Attention heads at each scale.
        dilations: Steps between the neighbours of the dilated blocks at each scale, in pixels of that scale.
        expansion: Hidden channels of the feed-forward layers for each channel.
        bias: Whether the feed-forward layers, the merging 1x1 convolutions and the last one have biases.
        centered_norm: Whether layer norm subtracts the mean and adds a bias, or only divides.
        channel_gate: Whether the channel-aware module gates the attention.
        mode: Which blocks of a pair are dilated: the second, none, or both.
        dual_pixel: Whether the input is the two views of a dual-pixel sensor.

    Raises:
        ValueError: A value is outside its range.

    Example:
        >>> DiNATIRConfig(width=24).width
        24
    """

    width: int = 48
    blocks: tuple[int, int, int, int] = (2, 3, 3, 4)
    refinement_blocks: int = 2
    heads: tuple[int, int, int, int] = (1, 2, 4, 8)
    dilations: tuple[int, int, int, int] = (36, 18, 9, 4)
    expansion: float = 2.66
    bias: bool = False
    centered_norm: bool = True
    channel_gate: bool = True
    mode: Mode = "hybrid"
    dual_pixel: bool = False

    def __post_init__(self) -> None:
        if self.width < 2 or self.width % 2:
            raise ValueError(f"width must be an even number of at least 2, got {self.width}")
        for name in ("blocks", "heads", "dilations"):
            if len(getattr(self, name)) != 4 or min(getattr(self, name)) < 1:
                raise ValueError(f"{name} must be four numbers of at least 1, got {getattr(self, name)}")
        for scale, heads in enumerate(self.heads):
            if self.width * 2**scale % heads:
                raise ValueError(f"heads must divide the {self.width * 2**scale} channels, got {self.heads}")
        if self.refinement_blocks < 1:
            raise ValueError(f"refinement_blocks must be at least 1, got {self.refinement_blocks}")
        if self.expansion * self.width < 1:
            raise ValueError(f"expansion must leave hidden channels, got {self.expansion}")
        if self.mode not in get_args(Mode):
            raise ValueError(f"mode must be one of {', '.join(get_args(Mode))}, got {self.mode!r}")

    @property
    def pair_dilations(self) -> tuple[tuple[int, int], ...]:
        """Dilations of the first and the second block of a pair, at each scale."""
        first_dilated, second_dilated = self.mode == "global_only", self.mode != "local_only"
        return tuple((d if first_dilated else 1, d if second_dilated else 1) for d in self.dilations)


class ChannelGate(nn.Module):
    """Gate each channel by the mean of the features, mixed along the channels by one kernel of seven taps.

        g = sigmoid(conv1d_channels(mean(y)))

    The channels are the axis of the convolution; the kernel is the same for all of them and has no bias.

    Source: DiNAT-IR (arXiv 2507.17892), the channel-aware module; the form is that of ECA-Net (CVPR 2020).

    Example:
        >>> ChannelGate()(torch.rand(2, 8, 5, 6)).shape
        torch.Size([2, 8, 1, 1])
    """

    def __init__(self) -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.mix = nn.Conv1d(1, 1, 7, padding=3, bias=False)

    def forward(self, y: Tensor) -> Tensor:
        """Return the gates (B, C, 1, 1) of features (B, C, H, W); (B, C, H, W) when the mean is a local one."""
        mean = self.mean(y).permute(0, 2, 3, 1)  # (B, 1, 1, C) or (B, H, W, C)
        if mean.shape[1:3] == (1, 1):
            mixed: Tensor = self.mix(mean.flatten(0, 2)[:, None]).reshape(mean.shape)
        else:  # at many pixels a product with the banded matrix takes a tenth of the time of the convolution
            unit_vectors = torch.eye(mean.shape[3], dtype=mean.dtype, device=mean.device)
            mixed = mean @ self.mix(unit_vectors[:, None])[:, 0]
        return mixed.sigmoid().permute(0, 3, 1, 2)


class TransformerBlock(nn.Module):
    """x <- x + A(y) * g(y) with y = LN(x), then x <- x + F(LN(x)): (B, C, H, W), shape kept.

    A is neighborhood attention, g the channel-aware gate (made of what attention gets, not of what it returns), F the
    gated feed-forward layer.
    """

    def __init__(self, config: DiNATIRConfig, channels: int, heads: int, dilation: int) -> None:
        super().__init__()
        norm = ChannelLayerNorm if config.centered_norm else BiasFreeLayerNorm
        self.attention_norm = norm(channels)
        self.attention = NeighborhoodAttention(channels, heads, KERNEL_SIZE, dilation)
        self.gate = ChannelGate() if config.channel_gate else None
        self.feed_forward_norm = norm(channels)
        self.feed_forward = GatedFeedForward(channels, config.expansion, config.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        y = self.attention_norm(x)
        attended = self.attention(y)
        x = x + (attended if self.gate is None else attended * self.gate(y))
        out: Tensor = x + self.feed_forward(self.feed_forward_norm(x))
        return out


class BlockPair(nn.Module):
    """A block that looks near and one that looks far, in this order: (B, C, H, W), shape kept."""

    def __init__(self, config: DiNATIRConfig, channels: int, scale: int) -> None:
        super().__init__()
        near, far = config.pair_dilations[scale]
        self.near = TransformerBlock(config, channels, config.heads[scale], near)
        self.far = TransformerBlock(config, channels, config.heads[scale], far)

    def forward(self, x: Tensor) -> Tensor:
        """Run both blocks."""
        out: Tensor = self.far(self.near(x))
        return out


class DiNATIR(RestorationNetwork):
    """The network.

    Args:
        config: Its size and form; the published single-image one by default.

    Example:
        >>> network = DiNATIR(DiNATIRConfig(width=8, blocks=(1, 1, 1, 1), dilations=(2, 2, 1, 1))).eval()
        >>> network(torch.rand(1, 3, 16, 24)).shape
        torch.Size([1, 3, 16, 24])
    """

    config: DiNATIRConfig

    def __init__(self, config: DiNATIRConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or DiNATIRConfig()
        w = config.width

        def stage(scale: int, channels: int, pairs: int) -> nn.Sequential:
            return nn.Sequential(*(BlockPair(config, channels, scale) for _ in range(pairs)))

        full, half, quarter, eighth = config.blocks
        self.head = nn.Conv2d(self.requirements.in_channels, w, 3, padding=1, bias=False)
        self.encoder_full, self.down_half = stage(0, w, full), downsample_unshuffle(w)
        self.encoder_half, self.down_quarter = stage(1, 2 * w, half), downsample_unshuffle(2 * w)
        self.encoder_quarter, self.down_eighth = stage(2, 4 * w, quarter), downsample_unshuffle(4 * w)
        self.latent = stage(3, 8 * w, eighth)
        self.up_quarter, self.merge_quarter = (
            upsample_shuffle(8 * w),
            nn.Conv2d(8 * w, 4 * w, 1, bias=config.bias),
        )
        self.decoder_quarter = stage(2, 4 * w, quarter)
        self.up_half, self.merge_half = upsample_shuffle(4 * w), nn.Conv2d(4 * w, 2 * w, 1, bias=config.bias)
        self.decoder_half = stage(1, 2 * w, half)
        # At full size nothing is merged: decoder and refinement keep the 2w channels of both sides.
        self.up_full = upsample_shuffle(2 * w)
        self.decoder_full, self.refinement = stage(0, 2 * w, full), stage(0, 2 * w, config.refinement_blocks)
        self.skip = nn.Conv2d(w, 2 * w, 1, bias=config.bias) if config.dual_pixel else None
        self.tail = nn.Conv2d(2 * w, 3, 3, padding=1, bias=config.bias)

    @property
    def requirements(self) -> Requirements:
        """Multiple of 8; reach as the blocks add it up, in the worst case of windows shifted inward at a border."""
        config = self.config
        pairs = [2 * config.blocks[0] + config.refinement_blocks, 2 * config.blocks[1], 2 * config.blocks[2]]
        reach = 2  # head and tail
        for scale, (near, far) in enumerate(config.pair_dilations):
            of_a_pair = (KERNEL_SIZE - 1) * (near + far) + 2  # two depthwise 3x3 convolutions
            reach += 2**scale * of_a_pair * [*pairs, config.blocks[3]][scale]
        reach += 2 * (1 + 2 + 4) + (2 + 4 + 8) + (1 + 2 + 4)  # convolutions and shuffles between scales
        return Requirements(
            multiple=8,
            min_size=8,
            in_channels=6 if config.dual_pixel else 3,
            receptive_field=reach,
            global_context=config.channel_gate,
            precisions=("float32", "bfloat16", "float16"),
            engine_tile=ENGINE_TILE,
            exports_quickly=False,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Restore images in [0, 1], not clamped; see `requirements` for H and W.

        Args:
            x: (B, 3, H, W), or (B, 6, H, W) of a dual-pixel network: RGB of the left and of the right view.

        Returns:
            (B, 3, H, W).
        """
        if self.config.dual_pixel:
            # The authors' loader turned BGR into RGB for arrays of three channels only, so their networks see B, G, R
            # of the left view and B, G, R of the right one, and answer in R, G, B.
            x = torch.cat([x[:, :3].flip(1), x[:, 3:].flip(1)], dim=1)
        shallow = self.head(x.contiguous(memory_format=torch.channels_last))  # (B, w, H, W)
        full = self.encoder_full(shallow)
        half = self.encoder_half(self.down_half(full))  # (B, 2w, H/2, W/2)
        quarter = self.encoder_quarter(self.down_quarter(half))  # (B, 4w, H/4, W/4)
        eighth = self.latent(self.down_eighth(quarter))  # (B, 8w, H/8, W/8)

        up_quarter = torch.cat([self.up_quarter(eighth), quarter], dim=1)
        quarter = self.decoder_quarter(self.merge_quarter(up_quarter))
        half = self.decoder_half(self.merge_half(torch.cat([self.up_half(quarter), half], dim=1)))
        full = self.decoder_full(torch.cat([self.up_full(half), full], dim=1))  # (B, 2w, H, W)
        full = self.refinement(full)
        # Two views have no one image to which a residual could be added; their features are instead.
        out: Tensor = self.tail(full) + x if self.skip is None else self.tail(full + self.skip(shallow))
        return out

    def from_one_view(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights as this network takes them; for two views, of one it starts as nearly the same function.

        The view that is added at the end there comes through the skip here, whose weights are those by which least squares give
        the image back, on one whose spectrum falls as a photograph's does.
        """
        if self.skip is None or "skip.weight" in weights:
            return super().from_one_view(weights)
        head = weights["head.weight"]
        empty = {f"skip.{name}": torch.zeros(own.shape) for name, own in self.skip.state_dict().items()}
        return {
            **weights,
            **empty,
            "head.weight": torch.cat([head, head], 1).flip(1) / 2,  # B, G, R, see `forward`
            "skip.weight": _image_through(head, weights["tail.weight"])[..., None, None],
        }


def _image_through(head: Tensor, tail: Tensor) -> Tensor:
    """Return the (2w, w) weights of a 1x1 convolution that is to turn the head's features into what the tail makes the image of.

    Args:
        head: (w, 3, 3, 3), kernel of the first convolution.
        tail: (3, 2w, 3, 3), kernel of the last.
    """
    generator, side = torch.Generator().manual_seed(0), 64
    octaves = [torch.randn(1, 3, side // s, side // s, generator=generator) * s for s in (1, 2, 4, 8, 16, 32)]
    enlarged = [F.interpolate(octave, (side, side), mode="bicubic") for octave in octaves]
    image = torch.stack(enlarged).sum(0).double()  # some directions are nearly dependent
    head, tail = head.double(), tail.double()
    features = F.conv2d(image, head, padding=1)  # (1, w, side, side)
    through = F.conv2d(features.transpose(0, 1), tail.transpose(0, 1).flatten(0, 1)[:, None], padding=1)
    through = through.reshape(len(head) * tail.shape[1], -1)  # (w 2w, 3 side side)
    answer: Tensor = torch.linalg.lstsq(
        through.T, image.flatten()[:, None], rcond=SMALLEST_DIRECTION, driver="gelsd"
    ).solution
    return answer.reshape(len(head), -1).T.float().contiguous()


ARCHITECTURE = Architecture(
    name="dinat_ir",
    title="DiNAT-IR",
    paper="DiNAT-IR: Exploring Dilated Neighborhood Attention for High-Quality Image Restoration,"
    " arXiv 2507.17892, 2025",
    network=DiNATIR,
    variants={
        # The published network of GoPro, HIDE, SIDD, Rain13K and single-image DPDD.
        "base": DiNATIRConfig(),
        # The published network of dual-pixel DPDD.
        "dual_pixel": DiNATIRConfig(dual_pixel=True),
        # The width of the authors' ablations; one pair fewer at eighth size keeps it under 3 M parameters.
        "small": DiNATIRConfig(width=16, blocks=(2, 3, 3, 3)),
        # Ours, under 0.8 M parameters, for a laptop: few pairs, and dilations that fit crops of 128 pixels.
        "tiny": DiNATIRConfig(width=12, blocks=(1, 1, 1, 1), refinement_blocks=1, dilations=(18, 9, 4, 2)),
        "tiny_dual_pixel": DiNATIRConfig(
            width=12, blocks=(1, 1, 1, 1), refinement_blocks=1, dilations=(18, 9, 4, 2), dual_pixel=True
        ),
    },
    stages=("encoder_full", "encoder_half", "encoder_quarter", "latent"),
    hyper_parameters=hyper_parameters,
    official_names=OFFICIAL_NAMES,
)
