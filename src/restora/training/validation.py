"""Scores during training, on held-out photographs and by a named protocol."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from restora.datasets.gaussian import add_test_noise
from restora.datasets.photo_crops import load_rgb8
from restora.errors import RestoraError
from restora.images import find_images
from restora.metrics import protocol


def gaussian_validation(folder: Path, *, sigma: float = 25, side: int = 256) -> Callable[[nn.Module], float]:
    """Return a function that scores a network by ``gaussian-rgb8`` on the centres of a folder's photographs.

    Args:
        folder: Held-out photographs; the middle ``side`` x ``side`` pixels of each are used, decoded once.
        sigma: Of the noise, in grey levels of 255.
        side: A multiple of 16 pixels, so that every network takes it as it is.

    Raises:
        RestoraError: The folder has no photographs.
    """
    photographs = [load_rgb8(found.path) for found in find_images([folder])]
    if not photographs:
        raise RestoraError(f"{folder}: no photographs to validate on")
    clean = [_centre(pixels, side).astype(np.float32) / 255 for pixels in photographs]
    score = protocol("gaussian-rgb8").score

    @torch.inference_mode()
    def validate(network: nn.Module) -> float:
        device = next(network.parameters()).device
        scores = []
        for image in clean:
            noisy = torch.from_numpy(add_test_noise(image, sigma)).permute(2, 0, 1)[None].to(device)
            height, width = image.shape[:2]
            padded = F.pad(noisy, (0, -width % 16, 0, -height % 16), mode="replicate")
            restored = network(padded)[0, :, :height, :width].permute(1, 2, 0).float().cpu().numpy()
            scores.append(score(restored, image))
        return float(np.mean(scores))

    return validate


def _centre(pixels: np.ndarray, side: int) -> np.ndarray:
    top, left = (max(0, (extent - side) // 2) for extent in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]
