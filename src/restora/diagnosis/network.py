"""The network that tells damages: windows as they are and the whole picture, reduced, into one answer."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restora.diagnosis.findings import DAMAGES

BLOCK = 8
"""Side of the blocks of JPEG, and of the cells that the fine stack ends on."""
LUMA = (0.299, 0.587, 0.114)
LAGS = (1, 2, 4, 8)
"""Distances in pixels of the differences that tell the direction of a blur."""
ROUNDING = 0.5 / 255
"""Below the rounding of 8 bits a coefficient tells nothing."""


class Answer(NamedTuple):
    """What the network says of a batch of pictures.

    Attributes:
        logits: (B, 8), of each of `DAMAGES` on its own; several may be true.
        level: (B,), logarithm to the base 2 of the noise's root mean square in grey levels of 255, if there is any.
        coarse: (B,), logit that its grain is larger than a pixel, if there is any.
    """

    logits: Tensor
    level: Tensor
    coarse: Tensor


class DiagnosisNetwork(nn.Module):
    """Strided convolutions and block spectra of windows, strided convolutions of the thumbnail, and a head over both.

    The spectra tell noise, blur and JPEG nearly by themselves, the convolutions what has a shape: streaks, flakes and the
    direction of a blur; the thumbnail tells haze. All features are pooled over a window, so windows may have any size;
    and over the windows to mean and peak, so there may be any number of them.

    Example:
        >>> network = DiagnosisNetwork().eval()
        >>> answer = network(torch.rand(1, 5, 3, 64, 64), torch.rand(1, 3, 128, 128))
        >>> tuple(answer.logits.shape), sum(p.numel() for p in network.parameters()) < 300_000
        ((1, 8), True)
    """

    basis: Tensor
    luma: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("basis", cosine_basis(), persistent=False)
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)
        self.fine = nn.Sequential(_step(6, 20, 5), _step(20, 40), _step(40, 72))  # 1/8
        self.coarse = nn.Sequential(_step(72, 96), _step(96, 80, stride=1))  # 1/16
        features = 3 * 72 + 3 * 80 + 3 * BLOCK**2 + 2 * BLOCK + 4 * len(LAGS)
        self.window = nn.Sequential(nn.BatchNorm1d(features, affine=False), nn.Linear(features, 64))
        self.scene = nn.Sequential(_step(3, 16), _step(16, 24), _step(24, 40), _step(40, 64))  # 1/16
        self.whole = nn.BatchNorm1d(3 * 64, affine=False)
        self.head = nn.Sequential(
            nn.Linear(2 * 64 + 3 * 64, 96),
            nn.ReLU(inplace=True),
            nn.Dropout(0.1),
            nn.Linear(96, len(DAMAGES) + 2),
        )

    def forward(self, windows: Tensor, thumbnail: Tensor) -> Answer:
        """Look at pictures.

        Args:
            windows: (B, N, 3, S, S) in [0, 1], S a multiple of 8 from 64 on.
            thumbnail: (B, 3, 128, 128) in [0, 1].
        """
        batch, count = windows.shape[:2]
        x = windows.flatten(0, 1)  # (B N, 3, S, S)
        # Weak noise and the steps between blocks are small beside the picture; apart, they are not.
        texture = torch.tanh(8 * (x - F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)))
        fine = self.fine(torch.cat([x - 0.5, texture], 1).contiguous(memory_format=torch.channels_last))
        seen = torch.cat([pooled(fine), pooled(self.coarse(fine)), self._spectra(x)], 1)
        seen = F.relu(self.window(seen)).view(batch, count, -1)  # (B, N, 64)
        scene = self.scene((thumbnail - 0.5).contiguous(memory_format=torch.channels_last))
        whole = self.whole(pooled(scene))
        out = self.head(torch.cat([seen.mean(1), seen.amax(1), whole], 1)).float()
        return Answer(out[:, :-2], out[:, -2] + 3, out[:, -1])

    def _spectra(self, x: Tensor) -> Tensor:
        """Describe brightness by the cosine transforms of its blocks and the steps between its pixels.

        Returns:
            (B, 224): mean and spread of the logarithm of the energy of each frequency, the share of its coefficients
            that are 0, as JPEG leaves many, the mean steps at the eight places of rows and columns in a block, and `directions`.
        """
        luma = (x * self.luma).sum(1, keepdim=True)
        with torch.autocast(x.device.type, enabled=False):  # bfloat16 would round small coefficients away
            coefficients = F.conv2d(luma, self.basis, stride=BLOCK)  # (B, 64, S / 8, S / 8)
        energy = (coefficients.square() + ROUNDING**2).log()
        zeros = torch.exp(-(coefficients / (2 * ROUNDING)).square()).mean((2, 3))
        steps = []
        for axis in (2, 3):
            step = luma.diff(dim=axis).abs().mean((1, 5 - axis))  # (B, S - 1)
            places = F.pad(step, (0, 1), mode="replicate").view(len(x), -1, BLOCK).mean(1)
            logarithm = (places + ROUNDING / 4).log()
            steps.append(logarithm - logarithm.mean(1, keepdim=True))
        return torch.cat([energy.mean((2, 3)), energy.std((2, 3)), zeros, *steps, *directions(luma)], 1)


def directions(luma: Tensor) -> list[Tensor]:
    """Compare four directions: what moved while it was taken differs less along its way than across.

    Args:
        luma: (B, 1, H, W).

    Returns:
        For each of `LAGS`, (B, 4): logarithms of the mean differences across, down and along the two diagonals, their
        mean taken out.
    """
    found = []
    for lag in LAGS:
        here = luma[..., lag:-lag, lag:-lag]
        height, width = here.shape[-2:]
        means = []
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            top, left = lag * (1 + down), lag * (1 + right)
            there = luma[..., top : top + height, left : left + width]
            means.append(((there - here).abs().mean((1, 2, 3)) + ROUNDING / 4).log())
        logarithms = torch.stack(means, 1)
        found.append(logarithms - logarithms.mean(1, keepdim=True))
    return found


def cosine_basis() -> Tensor:
    """Return the orthonormal cosine functions of a block: (64, 1, 8, 8), the constant one first, as JPEG has them."""
    place = (torch.arange(BLOCK) + 0.5) * math.pi / BLOCK
    waves = torch.cos(torch.arange(BLOCK)[:, None] * place) * math.sqrt(2 / BLOCK)
    waves[0] /= math.sqrt(2)
    return torch.einsum("iy,jx->ijyx", waves, waves).reshape(BLOCK**2, 1, BLOCK, BLOCK)


def pooled(x: Tensor) -> Tensor:
    """Mean, standard deviation and peak over space: (B, C, H, W) -> (B, 3 C)."""
    x = x.float()
    spread = (x.var((2, 3), correction=0) + 1e-5).sqrt()
    return torch.cat([x.mean((2, 3)), spread, x.amax((2, 3))], 1)


def _step(inputs: int, outputs: int, size: int = 3, stride: int = 2) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
