"""Scores during training, on images that are not trained on, by a named protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Generator

from restora.datasets import Pair, open_benchmark, open_folder_pair
from restora.datasets.sources import load_rgb8
from restora.degradations import Degradation
from restora.errors import RestoraError
from restora.images import Photograph, find_images, write
from restora.metrics import Protocol, protocol
from restora.networks import RestorationNetwork
from restora.pixels import to_float, to_uint8
from restora.restoration import Restorer
from restora.tensors import to_pixels, to_tensor
from restora.training.described_degradation import describe
from restora.training.recipe import Recipe


@dataclass(frozen=True)
class HeldOut:
    """One image to validate on.

    Attributes:
        name: Name of the file or pair.
        degraded: (H, W, 3), or (H, W, 6) of two views, float32 in [0, 1] or beyond.
        clean: (H, W, 3), float32 in [0, 1].
    """

    name: str
    degraded: NDArray[np.float32]
    clean: NDArray[np.float32]


@dataclass(frozen=True)
class Validation:
    """Held-out images and how to score them.

    Attributes:
        images: Images, decoded and degraded once.
        rule: Protocol, whose first metric is the score.
        samples: Number of images that are written as strips.
    """

    images: Sequence[HeldOut]
    rule: Protocol
    samples: int = 0

    def scores(
        self, network: RestorationNetwork, strips: Path | None = None, share: slice = slice(None)
    ) -> list[float]:
        """Return the score of each image, restored as `Restorer` does: whole, in float32.

        Args:
            network: On any device.
            strips: Folder for pictures degraded | restored | clean, one for each of the first ``samples``
                images.
            share: Which of the images; several processes take a part each.
        """
        device = next(network.parameters()).device
        restorer = Restorer(network, tile=None, precision="float32", device=device)
        scores = []
        for number in range(len(self.images))[share]:
            image = self.images[number]
            restored = restorer(image.degraded)
            scores.append(self.rule.score(restored, image.clean))
            if strips is not None and number < self.samples:
                views = image.degraded.reshape(*image.clean.shape[:2], -1, 3)
                shown = views.mean(axis=2)  # of two views what is common to both
                strip = Photograph(np.hstack([to_uint8(part) for part in (shown, restored, image.clean)]))
                write(strips / f"{image.name.replace('/', '-')}.png", strip, overwrite=True)
        return scores


def open_validation(recipe: Recipe) -> Validation | None:
    """Open what a recipe validates on; ``None`` if it names nothing.

    Clean photographs are degraded by ``validation.degradation``, or else as in training, image i with the
    seed i.

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


def _degraded(name: str, photo: NDArray[Any], degrade: Degradation, seed: int, side: int) -> HeldOut:
    clean = to_tensor(_middle(photo, side))
    degraded = degrade(clean[None], Generator().manual_seed(seed))
    return HeldOut(name, to_pixels(degraded[0]), to_pixels(clean))


def _paired(pair: Pair, side: int) -> HeldOut:
    if pair.clean is None:
        raise RestoraError(f"{pair.name}: its clean image is withheld; validate on a split that has them")
    degraded, clean = (to_float(_middle(pixels, side)) for pixels in (pair.degraded, pair.clean))
    return HeldOut(pair.name, degraded, clean)


def _spread(items: Any, count: int) -> list[Any]:
    """Take ``count`` items at even distances."""
    numbers = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[number] for number in numbers]


def _middle(pixels: NDArray[Any], side: int) -> NDArray[Any]:
    if not side:
        return pixels
    top, left = (max(0, (extent - side) // 2) for extent in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]
