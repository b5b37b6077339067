"""ChaIR: channel interactions in the spatial and in an implicit frequency domain.

Paper: "Exploring the potential of channel interactions for image restoration", Knowledge-Based Systems 282, 2023.
A U-shaped network of three scales that also reads the image at half and at quarter size and is supervised at all
three. Every stage is a row of residual blocks; the last block of a stage carries both kinds of channel attention.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from restora.layers import GlobalMean, InstanceNorm
from restora.networks.architecture import Architecture
from restora.networks.chair_keys import OFFICIAL_NAMES, hyper_parameters
from restora.networks.contract import Requirements, RestorationNetwork


@dataclass(frozen=True)
class ChaIRConfig:
    """Size of a ChaIR network.

    Attributes:
        width: Channels at full size; half size has twice as many, quarter size four times. A multiple of 2.
        blocks: Residual blocks in a stage at full, half and quarter size; the encoder's and the decoder's stage of
            a scale are alike. The published network has the same number (``num_res``) everywhere.
        attention: Whether the stages at full, half and quarter size have the two channel attentions in their last
            block. The published network has them everywhere; at full size they cost the most and give the least.
        dual_pixel: Whether the input is the two views of a dual-pixel sensor, to whose mean the change is added. Ours; the
            published network takes one view.

    Raises:
        ValueError: A value is outside its range.

    Example:
        >>> ChaIRConfig(width=24).width
        24
    """

    width: int = 32
    blocks: tuple[int, int, int] = (16, 16, 16)
    attention: tuple[bool, bool, bool] = (True, True, True)
    dual_pixel: bool = False

    @property
    def in_channels(self) -> int:
        """Channels of the input, 3 a view."""
        return 6 if self.dual_pixel else 3

    def __post_init__(self) -> None:
        if self.width < 2 or self.width % 2:
            raise ValueError(f"width must be an even number of at least 2, got {self.width}")
        if len(self.blocks) != 3 or min(self.blocks) < 1:
            raise ValueError(f"blocks must be three numbers of at least 1, got {self.blocks}")
        if len(self.attention) != 3:
            raise ValueError(f"attention must be three truth values, got {self.attention}")


def conv_gelu(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Sequential:
    """Build a convolution, zero padded by half its kernel, with the exact (erf) GELU behind it.

    Args:
        in_channels: Channels of the input (B, in_channels, H, W).
        out_channels: Channels of the output (B, out_channels, ceil(H / stride), ceil(W / stride)).
        kernel_size: Side of the square, odd kernel in pixels.
        stride: Step of the kernel in pixels.

    Returns:
        The two layers in a row.
    """
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size, stride=stride, padding=kernel_size // 2), nn.GELU()
    )


def upsample_gelu(in_channels: int, out_channels: int) -> nn.Sequential:
    """Build a transposed 4x4 convolution of stride 2 with GELU: (B, in, H, W) to (B, out, 2H, 2W)."""
    return nn.Sequential(nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1), nn.GELU())


class ChannelFilterAttention(nn.Module):
    """Filter neighbouring channels with three taps that the image itself chooses.

    The taps come from the global average p of the features, f = tanh(BN(W p)), three numbers for each channel,
    the same at every pixel:

        r[c] = f0[c] t[c-1] + f1[c] t[c] + f2[c] t[c+1],    output = gamma * r + beta * t

    The channel axis is reflected at its ends without repeating the edge. gamma starts at 0 and beta at 1, so a
    new layer is the identity. In training mode the batch norm needs at least two images.

    Source: ChaIR (Knowledge-Based Systems 282, 2023), the spatial-domain channel attention.

    Args:
        channels: C of the features (B, C, H, W), at least 2.

    Example:
        >>> layer = ChannelFilterAttention(8).eval()
        >>> t = torch.rand(2, 8, 5, 7)
        >>> bool((layer(t) == t).all())
        True
    """

    taps = 3

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.taps_from_mean = nn.Conv2d(channels, self.taps * channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(self.taps * channels)
        self.gamma = nn.Parameter(torch.zeros(channels, 1, 1))
        self.beta = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, t: Tensor) -> Tensor:
        """Filter the features (B, C, H, W) along C; the shape stays."""
        before, here, after = self.factors(t)
        # Three shifted sums instead of an unfolded (B, C, 3, H, W) map.
        padded = torch.cat([t[:, 1:2], t, t[:, -2:-1]], dim=1)  # (B, C + 2, H, W)
        return before * padded[:, :-2] + here * t + after * padded[:, 2:]

    def factors(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the factors of the channel before, of the channel itself and of the one behind: (B, C, 1, 1) each.

        gamma and beta are folded into them.
        """
        mean = self.mean(t)  # (B, C, 1, 1)
        filters = torch.tanh(self.norm(self.taps_from_mean(mean)))  # (B, 3C, 1, 1), tap-major
        before, here, after = (self.gamma * f for f in filters.chunk(self.taps, dim=1))
        return before, here + self.beta, after


class ImplicitFrequencyAttention(nn.Module):
    """Split features into four bands by a cascade of 3x3 convolutions and weigh every channel of every band.

    Each convolution sees the output of the one before it, so the bands differ in receptive field rather than by an
    explicit transform. One softmax spans all 4C weights: bands and channels compete with one another.

        l4 = phi_ll(t), l3 = phi_l(l4), l2 = phi_m(l3), l1 = phi_h(l2)
        w = softmax(concat[W_i fc(mean(l1 + l2 + l3 + l4))]),  i = 1 ... 4
        output = gamma * out(w1 l1 + w2 l2 + w3 l3 + w4 l4) + t

    gamma starts at 0, so a new layer is the identity.

    Source: ChaIR (Knowledge-Based Systems 282, 2023), the implicit frequency-domain channel attention.

    Args:
        channels: C of the features (B, C, H, W).

    Example:
        >>> layer = ImplicitFrequencyAttention(8)
        >>> t = torch.rand(2, 8, 5, 7)
        >>> bool((layer(t) == t).all())
        True
    """

    bands = 4

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(channels // 2, 32)
        # From the lowest band (the first of the cascade) to the highest.
        self.cascade = nn.ModuleList([conv_gelu(channels, channels, 3) for _ in range(self.bands)])
        self.mean = GlobalMean()
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        # From the highest band to the lowest, the order in which the softmax concatenates them.
        self.excite = nn.ModuleList([nn.Conv2d(hidden, channels, 1) for _ in range(self.bands)])
        self.merge = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, t: Tensor) -> Tensor:
        """Weigh the bands of the features (B, C, H, W); the shape stays."""
        levels, weights = self.split(t)
        mixed = sum(w * level for w, level in zip(weights.chunk(self.bands, dim=1), levels, strict=True))
        out: Tensor = self.gamma * self.merge(mixed) + t
        return out

    def split(self, t: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the bands l1 to l4, (B, C, H, W) each, and the weights of their channels, (B, 4C, 1, 1)."""
        low_to_high = [t]
        for band in self.cascade:
            low_to_high.append(band(low_to_high[-1]))
        levels = low_to_high[:0:-1]
        summary = self.squeeze(sum(self.mean(level) for level in levels))  # (B, d, 1, 1)
        return levels, torch.cat([excite(summary) for excite in self.excite], dim=1).softmax(1)


class ResidualBlock(nn.Module):
    """x + conv(A(depthwise(conv(x)))), where A are the channel attentions or nothing: (B, C, H, W), shape kept."""

    def __init__(self, channels: int, attention: bool) -> None:
        super().__init__()
        self.expand = conv_gelu(channels, channels, 3)
        self.depthwise = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.GELU()
        )
        self.attention = (
            nn.Sequential(ChannelFilterAttention(channels), ImplicitFrequencyAttention(channels))
            if attention
            else nn.Identity()
        )
        self.project = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        out: Tensor = x + self.project(self.attention(self.depthwise(self.expand(x))))
        return out


def stage(channels: int, blocks: int, attention: bool) -> nn.Sequential:
    """Build a row of residual blocks of which the last one carries the channel attentions."""
    return nn.Sequential(*(ResidualBlock(channels, attention and i == blocks - 1) for i in range(blocks)))


class ShallowFeatures(nn.Module):
    """Features of the reduced image (B, 3 or 6, H, W) -> (B, C, H, W), instance normalised (the papers' SCM)."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_gelu(in_channels, channels // 4, 3),
            conv_gelu(channels // 4, channels // 2, 1),
            conv_gelu(channels // 2, channels // 2, 3),
            nn.Conv2d(channels // 2, channels, 1),
        )
        self.norm = InstanceNorm(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the features."""
        out: Tensor = self.norm(self.layers(x))
        return out


class ChaIR(RestorationNetwork):
    """The network.

    Args:
        config: Its size; the published one by default.

    Example:
        >>> network = ChaIR(ChaIRConfig(width=8, blocks=(1, 1, 1))).eval()
        >>> network(torch.rand(1, 3, 16, 24)).shape
        torch.Size([1, 3, 16, 24])
    """

    config: ChaIRConfig

    def __init__(self, config: ChaIRConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or ChaIRConfig()
        w = config.width
        full, half, quarter = (
            (w * 2**i, blocks, attention)
            for i, (blocks, attention) in enumerate(zip(config.blocks, config.attention, strict=True))
        )
        image = config.in_channels
        self.shallow_half, self.shallow_quarter = ShallowFeatures(image, 2 * w), ShallowFeatures(image, 4 * w)
        self.head = conv_gelu(image, w, 3)
        self.down_half = conv_gelu(w, 2 * w, 3, stride=2)
        self.down_quarter = conv_gelu(2 * w, 4 * w, 3, stride=2)
        self.fuse_half = nn.Conv2d(4 * w, 2 * w, 3, padding=1)
        self.fuse_quarter = nn.Conv2d(8 * w, 4 * w, 3, padding=1)
        self.encoder_full, self.encoder_half, self.encoder_quarter = (
            stage(*full),
            stage(*half),
            stage(*quarter),
        )
        self.decoder_quarter, self.decoder_half, self.decoder_full = (
            stage(*quarter),
            stage(*half),
            stage(*full),
        )
        self.up_half, self.up_full = upsample_gelu(4 * w, 2 * w), upsample_gelu(2 * w, w)
        self.skip_half, self.skip_full = conv_gelu(4 * w, 2 * w, 1), conv_gelu(2 * w, w, 1)
        self.tail_quarter = nn.Conv2d(4 * w, 3, 3, padding=1)
        self.tail_half = nn.Conv2d(2 * w, 3, 3, padding=1)
        self.tail_full = nn.Conv2d(w, 3, 3, padding=1)

    @property
    def requirements(self) -> Requirements:
        """Multiple of 4, at least 8 pixels a side (instance norm needs more than one pixel at quarter size)."""
        # bfloat16 costs 0.17 dB (benchmarks/results/precision.md).
        min_batch = 2 if any(self.config.attention) else 1
        return Requirements(
            multiple=4,
            min_size=8,
            in_channels=self.config.in_channels,
            global_context=True,
            scales=3,
            min_batch=min_batch,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Restore images (B, 3 or 6, H, W) in [0, 1] -> (B, 3, H, W), not clamped; see `requirements` for H and W."""
        return self.forward_scales(x)[-1]

    def forward_scales(self, x: Tensor) -> list[Tensor]:
        """Restore at quarter, half and full size: (B, 3, H/4, W/4), (B, 3, H/2, W/2), (B, 3, H, W), not clamped."""
        x_half = x[:, :, ::2, ::2]  # nearest neighbour, as published
        x_quarter = x_half[:, :, ::2, ::2]

        e_full = self.encoder_full(self.head(x))
        e_half = self._fuse(self.fuse_half, self.down_half(e_full), self.shallow_half(x_half))
        e_half = self.encoder_half(e_half)
        e_quarter = self._fuse(self.fuse_quarter, self.down_quarter(e_half), self.shallow_quarter(x_quarter))
        e_quarter = self.encoder_quarter(e_quarter)

        d_quarter = self.decoder_quarter(e_quarter)
        d_half = self.decoder_half(self._fuse(self.skip_half, self.up_half(d_quarter), e_half))
        d_full = self.decoder_full(self._fuse(self.skip_full, self.up_full(d_half), e_full))
        changes = self.tail_quarter(d_quarter), self.tail_half(d_half), self.tail_full(d_full)
        images = [x_quarter, x_half, x]
        if self.config.dual_pixel:
            images = [(image[:, :3] + image[:, 3:]) / 2 for image in images]
        return [change + image for change, image in zip(changes, images, strict=True)]

    @staticmethod
    def _fuse(layer: nn.Module, main: Tensor, side: Tensor) -> Tensor:
        out: Tensor = layer(torch.cat([main, side], dim=1))
        return out


ARCHITECTURE = Architecture(
    name="chair",
    title="ChaIR",
    paper="Exploring the potential of channel interactions for image restoration,"
    " Knowledge-Based Systems 282, 2023",
    network=ChaIR,
    variants={
        # The published network: num_res 16.
        "base": ChaIRConfig(),
        # num_res 4, which the authors' sibling projects call "S".
        "num_res_4": ChaIRConfig(blocks=(4, 4, 4)),
        # Ours, under 3 M parameters: light at full size, where a block costs as much as at quarter size and sees less.
        "small": ChaIRConfig(width=24, blocks=(2, 2, 4), attention=(False, True, True)),
        # Ours, under 0.8 M parameters, for a laptop: the channel attentions at quarter size only.
        "tiny": ChaIRConfig(width=16, blocks=(1, 2, 1), attention=(False, False, True)),
        # Ours, of two views.
        "tiny_dual_pixel": ChaIRConfig(
            width=16, blocks=(1, 2, 1), attention=(False, False, True), dual_pixel=True
        ),
    },
    stages=("encoder_full", "encoder_half", "encoder_quarter"),
    hyper_parameters=hyper_parameters,
    official_names=OFFICIAL_NAMES,
)
