"""What training minimises: differences between a restored and a clean batch, at one or at several scales."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Targets: TypeAlias = Callable[[Tensor, int], list[Tensor]]
Function = TypeVar("Function", bound=Callable[..., Any])

LOSSES: dict[str, Loss] = {}
"""Losses by their names in recipes; a loss takes restored and clean (B, C, H, W) and returns a scalar."""
TARGETS: dict[str, Targets] = {}
"""Ways to make clean images of several scales, by their names in recipes."""


def registered(registry: dict[str, Any], name: str) -> Callable[[Function], Function]:
    """Enter a function into `LOSSES` or `TARGETS`: recipes, their reference page and the tests then know it.

    Args:
        registry: Where to enter it.
        name: Name in recipes.

    Raises:
        ValueError: The name is taken.
    """

    def enter(function: Function) -> Function:
        if name in registry:
            raise ValueError(f"{name} is {registry[name].__name__} already; take another name")
        registry[name] = function
        return function

    return enter


@registered(LOSSES, "l1")
def l1_loss(restored: Tensor, clean: Tensor) -> Tensor:
    """Mean absolute error of two batches (B, C, H, W), a scalar."""
    return (restored - clean).abs().mean()


@registered(LOSSES, "fft")
def fft_loss(restored: Tensor, clean: Tensor) -> Tensor:
    """Mean absolute difference of the real and imaginary parts of the un-normalised 2-D Fourier transforms.

    Source: MIMO-UNet and its successors, ChaIR among them (weight 0.1 beside L1).
    """
    # A transform of the difference is the difference of the transforms, at half the cost.
    spectrum = torch.fft.fft2(restored - clean)
    return torch.view_as_real(spectrum).abs().mean()


@registered(LOSSES, "psnr")
def psnr_loss(restored: Tensor, clean: Tensor, floor: float = 1e-5) -> Tensor:
    """Mean over the batch of 10 log10(MSE + floor): minus the PSNR in dB, levelling off at 50 dB.

    Every image counts by its relative error, so weak degradations are learnt as well as strong ones. The
    floor keeps nearly clean images from taking over. Source: the loss of HINet and NAFNet, whose floor is
    1e-8.
    """
    error = (restored - clean).square().mean((1, 2, 3))  # (B,)
    return 10 * torch.log10(error + floor).mean()


@registered(LOSSES, "psnr_80db")
def psnr_loss_80db(restored: Tensor, clean: Tensor) -> Tensor:
    """Compute `psnr_loss` with the floor 1e-8, levelling off at 80 dB: DiNAT-IR's authors train with it."""
    return psnr_loss(restored, clean, floor=1e-8)


@registered(LOSSES, "fft_modulus")
def fft_modulus_loss(restored: Tensor, clean: Tensor) -> Tensor:
    """Mean modulus of the difference of the un-normalised 2-D Fourier transforms.

    Source: MSDT (AAAI 2024) and DeRestormer after it (weight 0.01 beside Charbonnier); `fft_loss` takes the
    parts of a coefficient apart.
    """
    modulus: Tensor = torch.fft.fft2(restored - clean).abs()
    return modulus.mean()


@registered(LOSSES, "charbonnier")
def charbonnier_loss(restored: Tensor, clean: Tensor) -> Tensor:
    """Mean of sqrt(d^2 + 1e-6) over all elements d of the difference: absolute error, smooth at zero.

    Source: the first term of KiT's loss (CVPR 2022, eq. 11), with eps = 1e-3; MPRNet and others before it.
    """
    return _charbonnier(restored - clean)


@registered(LOSSES, "edge")
def edge_loss(restored: Tensor, clean: Tensor) -> Tensor:
    """Charbonnier loss of the Laplacian images: what a blurred copy lacks.

    Source: the second term of KiT's loss (CVPR 2022, eq. 11; weight 0.05 beside `charbonnier_loss`), in the
    form of MPRNet.
    """
    difference = restored - clean  # the Laplacian is linear
    coarse = _blurred(difference)
    kept = torch.zeros_like(coarse)
    kept[..., ::2, ::2] = 4 * coarse[..., ::2, ::2]  # every fourth pixel, as bright as four
    return _charbonnier(difference - _blurred(kept))


def _charbonnier(difference: Tensor) -> Tensor:
    return (difference.square() + 1e-6).sqrt().mean()


def _blurred(x: Tensor) -> Tensor:
    """Blur (B, C, H, W) by the five-tap binomial-like window of Laplacian pyramids; edges are repeated."""
    taps = torch.tensor([0.05, 0.25, 0.4, 0.25, 0.05], dtype=x.dtype, device=x.device)
    C = x.shape[1]
    window = torch.outer(taps, taps).expand(C, 1, 5, 5)
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), window, groups=C)


MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the scales, from full size to a sixteenth."""


@registered(LOSSES, "ms_ssim")
def ms_ssim_loss(restored: Tensor, clean: Tensor) -> Tensor:
    """1 - MS-SSIM, the mean over images and channels: structure at five scales rather than errors of pixels.

    Each scale halves the one above by averaging; windows are Gaussian, 11 x 11 with sigma 1.5, and only whole
    ones count. The scales need crops of 176 pixels; with smaller ones the last scales are left out and the
    exponents of the others scaled to the same sum. Products below zero, where images are negatives of one
    another, count as zero.

    Source: "Multiscale structural similarity for image quality assessment" (Asilomar 2003), eq. 7.

    Raises:
        ValueError: The crops are smaller than a window.
    """
    side = min(restored.shape[2:])
    scales = sum(side >> level >= 11 for level in range(len(MS_SSIM_WEIGHTS)))
    if scales == 0:
        raise ValueError(f"MS-SSIM needs crops of at least 11 pixels, got {side}")
    missing = sum(MS_SSIM_WEIGHTS) / sum(MS_SSIM_WEIGHTS[:scales])
    weights = [missing * weight for weight in MS_SSIM_WEIGHTS[:scales]]
    similarity = restored.new_ones(restored.shape[:2])  # (B, C)
    for level, weight in enumerate(weights, start=1):
        luminance, contrast = _similarity(restored, clean)
        here = luminance * contrast if level == scales else contrast
        similarity = similarity * here.mean((2, 3)).clamp_min(1e-6) ** weight
        restored, clean = F.avg_pool2d(restored, 2), F.avg_pool2d(clean, 2)
    return 1 - similarity.mean()


def _similarity(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the maps of luminance, and of contrast and structure, of SSIM; peak 1."""
    position = torch.arange(11, dtype=x.dtype, device=x.device) - 5
    taps = torch.exp(-(position**2) / (2 * 1.5**2))
    taps = taps / taps.sum()
    C = x.shape[1]

    def mean(z: Tensor) -> Tensor:
        z = F.conv2d(z, taps.view(1, 1, 11, 1).expand(C, 1, 11, 1), groups=C)
        return F.conv2d(z, taps.view(1, 1, 1, 11).expand(C, 1, 1, 11), groups=C)

    mx, my = mean(x), mean(y)
    variances, covariance = mean(x * x + y * y) - mx * mx - my * my, mean(x * y) - mx * my
    luminance = (2 * mx * my + 0.01**2) / (mx * mx + my * my + 0.01**2)
    return luminance, (2 * covariance + 0.03**2) / (variances + 0.03**2)


@registered(TARGETS, "reduced")
def reduced_targets(clean: Tensor, scales: int) -> list[Tensor]:
    """Return the clean batch at every supervised scale, smallest first: 1/2^(n-1), ..., 1/2, 1.

    Each is reduced directly from full size, bilinearly and without antialiasing, as ChaIR's authors do.
    """
    reduced = [
        F.interpolate(clean, scale_factor=0.5**i, mode="bilinear", align_corners=False)
        for i in range(scales - 1, 0, -1)
    ]
    return [*reduced, clean]


@registered(TARGETS, "pyramid")
def pyramid_targets(clean: Tensor, scales: int) -> list[Tensor]:
    """Return the clean batch at every supervised scale, smallest first: the levels of a Gaussian pyramid.

    Each level is the one above it, blurred by five binomial taps and halved bilinearly, as DeRestormer's
    parent project MSDT does; an odd side loses half a pixel.
    """
    levels = [clean]
    taps = torch.tensor([1, 4, 6, 4, 1], dtype=clean.dtype, device=clean.device) / 16
    C = clean.shape[1]
    window = torch.outer(taps, taps).expand(C, 1, 5, 5)
    for _ in range(scales - 1):
        blurred = F.conv2d(F.pad(levels[0], (2, 2, 2, 2), mode="reflect"), window, groups=C)
        half = (blurred.shape[2] // 2, blurred.shape[3] // 2)
        levels.insert(0, F.interpolate(blurred, half, mode="bilinear", align_corners=False))
    return levels


def multi_scale_loss(
    restored: Sequence[Tensor],
    clean: Tensor,
    losses: Sequence[tuple[Loss, float]],
    scale_weights: Sequence[float],
    make_targets: Targets = reduced_targets,
) -> Tensor:
    """Weighted sum of losses over the scales of a network.

    Args:
        restored: Outputs, smallest first, as `forward_scales` gives them.
        clean: The target (B, 3, H, W) at full size.
        losses: Each with its weight.
        scale_weights: One weight for each scale, smallest first.
        make_targets: Makes the targets of all scales from ``clean``.

    Raises:
        ValueError: The weights do not match the scales.
    """
    if len(scale_weights) != len(restored):
        raise ValueError(f"the network has {len(restored)} scales, scale_weights has {len(scale_weights)}")
    targets = make_targets(clean, len(restored))
    terms = [
        weight * scale_weight * loss(output, target)
        for output, target, scale_weight in zip(restored, targets, scale_weights, strict=True)
        for loss, weight in losses
        if scale_weight
    ]
    return torch.stack(terms).sum()
