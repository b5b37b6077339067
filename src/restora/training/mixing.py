"""Mixing: pairs made of other pairs, which keep a network from restoring what is clean."""

import numpy as np
import torch
from torch import Tensor

BETA = 1.2
"""Both parameters of the distribution of MixUp's share."""


def cutblur(degraded: Tensor, clean: Tensor, share: float, random: np.random.Generator) -> Tensor:
    """Exchange a rectangle of some degraded images for the clean one, or all but a rectangle.

    Source: "Rethinking Data Augmentation for Image Super-resolution" (CutBlur, CVPR 2020), for images of one size.

    Args:
        degraded: (B, C, H, W); with six channels, two views.
        clean: (B, 3, H, W).
        share: Of the images of the batch, as a probability.
        random: Source of what is drawn.

    Returns:
        (B, C, H, W): the degraded images, some of them mixed.
    """
    mixed = degraded.clone()
    for image, target in zip(mixed, clean, strict=True):
        if random.random() >= share:
            continue
        height, width = (max(1, round(side * random.uniform(0.2, 0.8))) for side in image.shape[1:])
        top, left = (
            int(random.integers(whole - part + 1))
            for whole, part in zip(image.shape[1:], (height, width), strict=True)
        )
        inside = torch.zeros(image.shape[1:], dtype=torch.bool, device=image.device)
        inside[top : top + height, left : left + width] = True
        if random.random() < 0.5:
            inside = ~inside
        views = target.repeat(len(image) // len(target), 1, 1)
        image.copy_(torch.where(inside, views, image))
    return mixed


def mixup(
    degraded: Tensor, clean: Tensor, share: float, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Blend some pairs of a batch, degraded and clean alike, with the pair before them.

    Source: "mixup: Beyond Empirical Risk Minimization" (ICLR 2018); for restoration, "Learning Enriched Features for Real Image
    Restoration and Enhancement" (MIRNet, ECCV 2020).

    Args:
        degraded: (B, C, H, W).
        clean: (B, 3, H, W).
        share: Of the pairs of the batch, as a probability.
        random: Source of what is drawn.
    """
    chosen = random.random(len(clean)) < share
    own = np.where(chosen, random.beta(BETA, BETA, len(clean)), 1)
    weight = torch.as_tensor(own, dtype=clean.dtype, device=clean.device)[:, None, None, None]
    return tuple(weight * part + (1 - weight) * part.roll(1, 0) for part in (degraded, clean))  # type: ignore[return-value]
