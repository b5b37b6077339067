"""KiT: a transformer whose patches attend to patches of similar content, wherever in the image those are.

Paper: "KNN Local Attention for Image Restoration", Lee, Choi, Sohn, Min, CVPR 2022, pp. 2139-2149.
A U-shaped network of three scales around a bottleneck. Every stage is a row of k-NN transformer blocks (KTB), whose
attention (KLA) sorts patches by a hash and lets each look at those that come next to it.

The authors published neither code nor weights. What the paper leaves open (the width among other things) is decided in
docs/networks/kit.md; no variant here has figures of the paper's.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.layers import ChannelLayerNorm, KNNLocalAttention
from restora.networks.architecture import Architecture
from restora.networks.contract import Requirements, RestorationNetwork
from restora.networks.kit_keys import hyper_parameters

SCALES = 3
"""Halvings of the image between full size and bottleneck."""


@dataclass(frozen=True)
class KiTConfig:
    """Size and reading of a KiT network.

    Attributes:
        width: Channels C at full size; each halving doubles them.
        blocks: Blocks in a stage at full, half and quarter size (encoder and decoder alike), and in the bottleneck.
        patch_size: Side r of a patch in pixels, at every scale.
        chunk_size: Patches k of a chunk; each looks at 2k. Always 1 in the bottleneck. Changes no parameter.
        rounds: Rounds h of hashing. Changes no parameter.
        patch_weights: How neighbours are weighed: by a softmax, or by the ratio of eq. 10 to the letter, which is
            unstable.
        round_weights: Whether the neighbours of all rounds are weighed together, or round by round and averaged.
        shared_projection: Whether theta is phi, the paper's KiT_S.
        centered_hash: Whether the mean patch is subtracted before hashing; not in the paper.
        resampling: How features are halved and doubled: bilinear with 1x1 convolutions, or strided convolutions.
        seed: Seed of the rotations of the hash in evaluation.

    Raises:
        ValueError: A value is outside its range.

    Example:
        >>> KiTConfig(width=32).width
        32
    """

    width: int = 64
    blocks: tuple[int, int, int, int] = (2, 2, 2, 2)
    patch_size: int = 4
    chunk_size: int = 4
    rounds: int = 4
    patch_weights: Literal["softmax", "ratio"] = "softmax"
    round_weights: Literal["union", "mean"] = "union"
    shared_projection: bool = False
    centered_hash: bool = False
    resampling: Literal["bilinear", "convolution"] = "bilinear"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("width", "patch_size", "chunk_size", "rounds"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if len(self.blocks) != SCALES + 1 or min(self.blocks) < 1:
            raise ValueError(f"blocks must be four numbers of at least 1, got {self.blocks}")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")
        for name, choices in (
            ("patch_weights", ("softmax", "ratio")),
            ("round_weights", ("union", "mean")),
            ("resampling", ("bilinear", "convolution")),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be {' or '.join(choices)}, got {getattr(self, name)!r}")


class LocallyEnhancedFeedForward(nn.Sequential):
    """1x1 convolution to E channels, GELU, depth-wise 3x3 convolution, GELU, 1x1 convolution back: (B, C, H, W).

    The depth-wise convolution also tells pixels where they are, so attention needs no position of its own.

    Source: the LeFF of Uformer and LocalViT; KiT's FFN (CVPR 2022, eq. 4).

    Args:
        channels: C.
        expansion: E / C.

    Example:
        >>> LocallyEnhancedFeedForward(8)(torch.rand(1, 8, 5, 7)).shape
        torch.Size([1, 8, 5, 7])
    """

    def __init__(self, channels: int, expansion: int = 4) -> None:
        hidden = expansion * channels
        super().__init__(
            nn.Conv2d(channels, hidden, 1),
            nn.GELU(),
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden),
            nn.GELU(),
            nn.Conv2d(hidden, channels, 1),
        )


class BilinearDown(nn.Module):
    """Halve: (B, in, H, W) to (B, out, H / 2, W / 2), H and W even.

    Example:
        >>> BilinearDown(8, 16)(torch.rand(1, 8, 6, 4)).shape
        torch.Size([1, 16, 3, 2])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Interpolate, then project: the two commute, and the projection is cheaper at the smaller size."""
        # What bilinear interpolation at one half samples is the middle of 2 x 2 pixels, their mean.
        out: Tensor = self.project(F.avg_pool2d(x, 2))
        return out


class BilinearUp(nn.Module):
    """Double: (B, in, H, W) to (B, out, 2 H, 2 W).

    Example:
        >>> BilinearUp(16, 8)(torch.rand(1, 16, 3, 2)).shape
        torch.Size([1, 8, 6, 4])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Project, then interpolate."""
        return F.interpolate(self.project(x), scale_factor=2, mode="bilinear", align_corners=False)


class KNNTransformerBlock(nn.Module):
    """X' = KLA(LN(X)) + X, then FFN(LN(X')) + X' (eq. 3 and 4): (B, C, H, W), shape kept."""

    def __init__(self, attention: KNNLocalAttention, channels: int) -> None:
        super().__init__()
        self.attention_norm = ChannelLayerNorm(channels)
        self.attention = attention
        self.feed_forward_norm = ChannelLayerNorm(channels)
        self.feed_forward = LocallyEnhancedFeedForward(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        x = x + self.attention(self.attention_norm(x))
        out: Tensor = x + self.feed_forward(self.feed_forward_norm(x))
        return out


def three_convolutions(channels: tuple[int, int, int, int]) -> nn.Sequential:
    """Build the three 3x3 convolutions before the first and behind the last stage (section 3.2)."""
    layers: list[nn.Module] = []
    for i in range(3):
        convolution = nn.Conv2d(channels[i], channels[i + 1], 3, padding=1)
        # With PyTorch's own initial values training stays at the identity for hundreds of steps.
        nn.init.kaiming_normal_(convolution.weight, a=0.2)
        layers += [convolution, nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


class KiT(RestorationNetwork):
    """The network.

    Args:
        config: Its size; 64 channels by default.

    Example:
        >>> network = KiT(KiTConfig(width=8, blocks=(1, 1, 1, 1))).eval()
        >>> network(torch.rand(1, 3, 32, 64)).shape
        torch.Size([1, 3, 32, 64])
    """

    config: KiTConfig

    def __init__(self, config: KiTConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or KiTConfig()
        w = config.width
        widths = [w * 2**i for i in range(SCALES + 1)]
        pairs = list(pairwise(widths))
        # Stages are numbered as the data passes them: 0 to 2, the bottleneck 3, then 4 to 6.
        self.stem = three_convolutions((3, w, w, w))
        self.encoder = nn.ModuleList(self._stage(i, i) for i in range(SCALES))
        self.bottleneck = self._stage(SCALES, SCALES)
        self.decoder = nn.ModuleList(self._stage(2 * SCALES - i, i) for i in reversed(range(SCALES)))
        self.down = nn.ModuleList(
            BilinearDown(c, c2)
            if config.resampling == "bilinear"
            else nn.Conv2d(c, c2, 4, stride=2, padding=1)
            for c, c2 in pairs
        )
        self.up = nn.ModuleList(
            BilinearUp(c2, c) if config.resampling == "bilinear" else nn.ConvTranspose2d(c2, c, 2, stride=2)
            for c, c2 in reversed(pairs)
        )
        self.merge = nn.ModuleList(nn.Conv2d(2 * c, c, 1) for c, _ in reversed(pairs))
        self.tail = three_convolutions((w, w, w, 3))
        self._reset()

    @property
    def requirements(self) -> Requirements:
        """Multiple of 8 patches' sides, 32 pixels as published; a patch may look at any other, so context is global.

        Half precision moves a few patches to other buckets. That costs less than 0.01 dB, about what another seed does;
        the literal eq. 10, whose weights have no bound, was not found safe in it.
        """
        multiple = self.config.patch_size * 2**SCALES
        half = ("bfloat16", "float16") if self.config.patch_weights == "softmax" else ()
        return Requirements(
            multiple=multiple,
            min_size=multiple,
            global_context=True,
            matches_content=True,
            precisions=("float32", *half),
            exports_quickly=False,
            engine_tile=640,  # larger ones compute less twice, but an exported graph holds the scores of whole rounds
        )

    @property
    def attentions(self) -> list[list[KNNLocalAttention]]:
        """The attention layers of the seven stages in the order of the data: encoder, bottleneck, decoder."""
        stages = [*self.encoder, self.bottleneck, *self.decoder]
        return [
            [module for module in stage.modules() if isinstance(module, KNNLocalAttention)]
            for stage in stages
        ]

    def regroup(self, chunk_size: int | None = None, rounds: int | None = None) -> None:
        """Change how many patches attend to one another: no parameter depends on it, so a trained network may be.

        Args:
            chunk_size: k of all stages but the bottleneck, whose k is always 1; as it is by default.
            rounds: h of all stages; as it is by default.

        Raises:
            ValueError: A value is less than 1.
        """
        self.config = replace(
            self.config,
            chunk_size=self.config.chunk_size if chunk_size is None else chunk_size,
            rounds=self.config.rounds if rounds is None else rounds,
        )
        for number, stage in enumerate(self.attentions):
            for attention in stage:
                attention.chunk_size, attention.rounds = self._chunk_size(number), self.config.rounds

    def forward(self, x: Tensor) -> Tensor:
        """Restore images (B, 3, H, W) in [0, 1] -> (B, 3, H, W), not clamped; see `requirements` for H and W."""
        image = x
        x = self.stem(x.contiguous(memory_format=torch.channels_last))  # (B, C, H, W)
        skips = []
        for stage, down in zip(self.encoder, self.down, strict=True):
            x = stage(x)
            skips.append(x)
            x = down(x)  # (B, 2^i C, H / 2^i, W / 2^i)
        x = self.bottleneck(x)
        for up, merge, stage in zip(self.up, self.merge, self.decoder, strict=True):
            x = stage(merge(torch.cat([up(x), skips.pop()], dim=1)))
        out: Tensor = image + self.tail(x)
        return out

    def _stage(self, number: int, scale: int) -> nn.Sequential:
        """Build a stage of blocks; its number makes the seeds of its rotations its own."""
        config = self.config
        channels = config.width * 2**scale
        return nn.Sequential(
            *(
                KNNTransformerBlock(
                    KNNLocalAttention(
                        channels,
                        config.patch_size,
                        self._chunk_size(number),
                        config.rounds,
                        patch_weights=config.patch_weights,
                        round_weights=config.round_weights,
                        shared_projection=config.shared_projection,
                        centered_hash=config.centered_hash,
                        seed=(config.seed * 1000 + number) * 1000 + i,
                    ),
                    channels,
                )
                for i in range(config.blocks[scale])
            )
        )

    def _chunk_size(self, stage: int) -> int:
        # The bottleneck has only a few patches (section 3.3).
        return 1 if stage == SCALES else self.config.chunk_size

    @torch.no_grad()
    def _reset(self) -> None:
        """Start without biases and with a small change of the image."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
        self.tail.get_parameter("4.weight").mul_(0.1)


ARCHITECTURE = Architecture(
    name="kit",
    title="KiT",
    paper="KNN Local Attention for Image Restoration, CVPR 2022",
    network=KiT,
    variants={
        # The paper does not say how wide its network is. Of this width it costs what its contemporary Uformer-B does.
        "base": KiTConfig(),
        # The paper's KiT_S (table 5): phi and theta are one.
        "shared": KiTConfig(shared_projection=True),
        # About the parameters of MPRNet, with which the paper compares itself.
        "large": KiTConfig(width=80),
        # Under 3 M parameters.
        "small": KiTConfig(width=32),
        # Under 0.8 M parameters, for a laptop: one block at full size, where most of the time goes.
        "tiny": KiTConfig(width=16, blocks=(1, 2, 2, 2)),
    },
    stages=("encoder.0", "encoder.1", "encoder.2", "bottleneck"),
    hyper_parameters=hyper_parameters,
)
