"""Recipes and data that are small enough for tests."""

from pathlib import Path

import numpy as np
from PIL import Image

from restora.training import Recipe

CHAIR = {
    "architecture": "chair",
    "variant": "tiny",
    "overrides": {"width": 4, "blocks": [1, 1, 1], "attention": [False, False, True]},
}


def miniature(photos: Path | None, **changes: object) -> Recipe:
    """A recipe that trains a network of a few weights for a few steps."""
    values = {
        "name": "miniature",
        "task": "denoise",
        "model": CHAIR,
        "data": {"photos": photos and str(photos)},
        "degradation": "noise/blind",
        "losses": [{"kind": "psnr"}],
        "scale_weights": [0.05, 0.1, 1.0],
        "optimizer": {"learning_rate": 3e-3, "warmup": 5},
        "stages": [{"steps": 24, "patch": 16, "batch": 4}, {"steps": 6, "patch": 24, "batch": 2}],
        "save_every": 10,
        "precision": "float32",
    }
    return Recipe.model_validate(values | changes)


def write_photos(folder: Path, count: int = 3) -> Path:
    """Write a few pictures of 64 x 48 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:48, :64]
    for i in range(count):
        pixels = np.stack([x * 3 + i * 9, y * 4, (x + y) * 2 + i], axis=2) % 256
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
    return folder
