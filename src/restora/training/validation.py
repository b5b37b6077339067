"""Scores during training, on images that are not trained on, by a named protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Generator, Tensor

from restora.datasets import Pair, open_benchmark, open_folder_pair
from restora.datasets.sources import load_rgb8
from restora.degradations import Degradation
from restora.errors import RestoraError
from restora.images import Photograph, find_images, write
from restora.metrics import Protocol, protocol
from restora.networks import RestorationNetwork
from restora.pixels import to_uint8
from restora.tensors import to_pixels, to_tensor
from restora.training.described_degradation import describe
from restora.training.recipe import Recipe


@dataclass(frozen=True)
class HeldOut:
    """One image to validate on.

    Attributes:
        name: Of the file or pair.
        degraded: (1, 3 or 6, H, W), as a network takes it.
        clean: (H, W, 3), float32 in [0, 1].
    """

    name: str
    degraded: Tensor
    clean: NDArray[np.float32]


@dataclass(frozen=True)
class Validation:
    """Held-out images and how to score them.

    Attributes:
        images: Decoded and degraded once.
        rule: The protocol; its first metric is the score.
        samples: How many of the images are written as strips.
    """

    images: Sequence[HeldOut]
    rule: Protocol
    samples: int = 0

    @torch.inference_mode()
    def scores(
        self, network: RestorationNetwork, strips: Path | None = None, share: slice = slice(None)
    ) -> list[float]:
        """Return the score of each image.

        Args:
            network: On any device, in evaluation mode.
            strips: Folder for pictures degraded | restored | clean, one for each of the first ``samples`` images.
            share: Which of the images; several processes take a part each.
        """
        scores = []
        for number in range(len(self.images))[share]:
            image = self.images[number]
            restored = run_padded(network, image.degraded)
            scores.append(self.rule.score(restored, image.clean))
            if strips is not None and number < self.samples:
                parts = [_views(image.degraded), restored, image.clean]
                strip = Photograph(np.hstack([to_uint8(part) for part in parts]))
                write(strips / f"{image.name.replace('/', '-')}.png", strip, overwrite=True)
        return scores


def open_validation(recipe: Recipe) -> Validation | None:
    """Open what a recipe validates on; ``None`` if it names nothing.

    Clean photographs are degraded by ``validation.degradation``, or else as in training, image i with the seed i.

    Raises:
        RestoraError: The images are missing, or the protocol is unknown.
    """
    settings = recipe.validation
    rule = protocol(settings.protocol)
    if settings.photos is not None:
        found = _spread(find_images([settings.photos]), settings.images)
        degrade = describe(settings.degradation) if settings.degradation is not None else recipe.degrade
        if degrade is None:
            raise RestoraError(
                "validation.photos needs a degradation: the recipe trains on pairs and has none"
            )
        images = [
            _degraded(photo.path.stem, load_rgb8(photo.path), degrade, seed, settings.side)
            for seed, photo in enumerate(found)
        ]
    else:
        pairs: Sequence[Pair]
        if settings.benchmark is not None:
            pairs = open_benchmark(settings.benchmark, settings.root or "", split=settings.split)
        elif settings.degraded is not None and settings.clean is not None:
            pairs = open_folder_pair(settings.degraded, settings.clean)
        else:
            return None
        images = [_paired(pair, settings.side) for pair in _spread(pairs, settings.images)]
    if not images:
        raise RestoraError(f"{settings.photos}: no photographs to validate on")
    return Validation(images, rule, settings.samples)


def run_padded(network: RestorationNetwork, x: Tensor) -> NDArray[np.float32]:
    """Run a network on (1, C, H, W) of any size and return its answer as (H, W, 3)."""
    height, width = x.shape[2:]
    needs = network.requirements
    bottom, right = (max(-extent % needs.multiple, needs.min_size - extent) for extent in (height, width))
    padded = F.pad(x.to(next(network.parameters()).device), (0, right, 0, bottom), mode="replicate")
    restored = network(padded)[0, :, :height, :width]
    return to_pixels(restored.float())


def _degraded(name: str, photo: NDArray[Any], degrade: Degradation, seed: int, side: int) -> HeldOut:
    clean = to_tensor(_middle(photo, side))
    degraded = degrade(clean[None], Generator().manual_seed(seed))
    return HeldOut(name, degraded, to_pixels(clean))


def _paired(pair: Pair, side: int) -> HeldOut:
    if pair.clean is None:
        raise RestoraError(f"{pair.name}: its clean image is withheld; validate on a split that has them")
    degraded, clean = (to_tensor(_middle(pixels, side)) for pixels in (pair.degraded, pair.clean))
    return HeldOut(pair.name, degraded[None], to_pixels(clean))


def _spread(items: Any, count: int) -> list[Any]:
    """Take ``count`` items at even distances."""
    numbers = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[number] for number in numbers]


def _middle(pixels: NDArray[Any], side: int) -> NDArray[Any]:
    if not side:
        return pixels
    top, left = (max(0, (extent - side) // 2) for extent in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def _views(degraded: Tensor) -> NDArray[np.float32]:
    """Return what to show of a network's input: (H, W, 3), the mean of two views."""
    x = degraded[0]
    if len(x) == 6:
        x = (x[:3] + x[3:]) / 2
    return to_pixels(x)
