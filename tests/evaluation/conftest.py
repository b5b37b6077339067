import numpy as np
import pytest

from restora.images import Photograph, write


def picture(seed, height=20, width=24):
    """A smooth picture with an edge; every seed another."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin((x * (seed + 1) + y * (c + 2)) / 7) for c in range(3)]
    plane = 0.5 + 0.25 * np.stack(waves, axis=2) + 0.2 * (x > y)[..., None]
    return np.rint(np.clip(plane, 0, 1) * 255).astype(np.uint8)


def make_rain(root, count=5):
    """A miniature of Rain100L: brighter streaks every fourth row, more in later pictures."""
    for i in range(count):
        clean = picture(i)
        rainy = clean.copy()
        rainy[:: max(1, 8 - i)] = np.minimum(rainy[:: max(1, 8 - i)].astype(int) + 20 + i, 255)
        write(root / f"Rain100L/test/input/{i:03d}.png", Photograph(rainy), overwrite=True)
        write(root / f"Rain100L/test/target/{i:03d}.png", Photograph(clean), overwrite=True)
    return root / "Rain100L"


@pytest.fixture
def rain(tmp_path):
    return make_rain(tmp_path / "data")


@pytest.fixture
def kodak(tmp_path):
    for i in range(3):
        write(tmp_path / f"data/Kodak24/kodim{i:02d}.png", Photograph(picture(i, 24, 32)))
    return tmp_path / "data/Kodak24"
