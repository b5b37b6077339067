"""A network as a newcomer would write it: one file, and one line that registers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from restora.layers import GlobalMean
from restora.networks import Architecture, Requirements, RestorationNetwork


@dataclass(frozen=True)
class TwoScaleConfig:
    """Size of a TwoScale network.

    Attributes:
        width: Channels, at least 1.
        depth: Convolutions at half size, at least 1.
        residual: Whether the image is added to the output, which no key tells.
    """

    width: int = 8
    depth: int = 2
    residual: bool = True

    def __post_init__(self) -> None:
        if min(self.width, self.depth) < 1:
            raise ValueError(f"width and depth must be at least 1, got {self.width} and {self.depth}")


class TwoScale(RestorationNetwork):
    """Convolutions at half size, scaled by the mean of what they see; outputs at half and full size."""

    config: TwoScaleConfig

    def __init__(self, config: TwoScaleConfig) -> None:
        super().__init__()
        self.config, w = config, config.width
        self.head = nn.Conv2d(12, w, 3, padding=1)
        self.body = nn.Sequential(*(nn.Conv2d(w, w, 3, padding=1) for _ in range(config.depth)))
        self.mean = GlobalMean()
        self.tail, self.tail_half = nn.Conv2d(w, 12, 3, padding=1), nn.Conv2d(w, 3, 3, padding=1)

    @property
    def requirements(self) -> Requirements:
        return Requirements(multiple=2, min_size=4, global_context=True, scales=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_scales(x)[-1]

    def forward_scales(self, x: Tensor) -> list[Tensor]:
        features = self.body(self.head(nn.functional.pixel_unshuffle(x, 2)).relu())
        features = features * self.mean(features).sigmoid()
        full = nn.functional.pixel_shuffle(self.tail(features), 2)
        return [self.tail_half(features), x + full if self.config.residual else full]


def hyper_parameters(official: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tell width and depth from an official state dict."""
    depth = sum(key.startswith("net.") and key.endswith(".weight") for key in official)
    return {"width": official["net.0.weight"].shape[0], "depth": depth}


ARCHITECTURE = Architecture(
    name="two_scale",
    title="TwoScale",
    paper="Two scales are enough, 2026",
    network=TwoScale,
    variants={
        "base": TwoScaleConfig(),
        "small": TwoScaleConfig(width=6),
        "tiny": TwoScaleConfig(width=4, depth=1),
    },
    hyper_parameters=hyper_parameters,
    official_names=((r"^body\.", "net."), (r"^tail_half\.", "aux.")),
    constants=lambda weights: {"version": torch.tensor(2)},
)
