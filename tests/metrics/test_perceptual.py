import os
import sys
from types import ModuleType

import numpy as np
import pytest
import torch

from restora.errors import RestoraError
from restora.metrics import PROTOCOLS, perceptual, protocol

BRIGHT = np.full((8, 9, 3), 0.75)


@pytest.fixture
def package(monkeypatch):
    """A stand-in that notes how it is built and called; the real one fetches AlexNet."""
    calls = []

    class LPIPS(torch.nn.Module):
        def __init__(self, **options):
            super().__init__()
            calls.append(options)

        def forward(self, image, reference, normalize):
            calls.append((image.shape, image.dtype, normalize))
            return (image - reference).abs().mean().reshape(1, 1, 1, 1)

    module = ModuleType("lpips")
    module.__dict__["LPIPS"] = LPIPS
    monkeypatch.setitem(sys.modules, "lpips", module)
    perceptual._lpips.cache_clear()
    yield calls
    perceptual._lpips.cache_clear()


def test_the_package_is_called_as_in_the_published_script(package):
    assert perceptual.lpips(BRIGHT, BRIGHT - 0.25) == pytest.approx(0.25)
    assert perceptual.lpips(BRIGHT, BRIGHT) == 0
    assert package[0] == {"net": "alex", "verbose": False}
    assert package[1:] == [((1, 3, 8, 9), torch.float32, True)] * 2
    with pytest.raises(ValueError, match="different shapes"):
        perceptual.lpips(BRIGHT, BRIGHT[:5])


def test_weights_of_packages_run_no_code(monkeypatch, tmp_path, package):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("executed").mkdir, ())

    torch.save({"a": Evil()}, tmp_path / "alexnet.pth")
    monkeypatch.setattr(
        sys.modules["lpips"],
        "LPIPS",
        lambda **_: torch.load(tmp_path / "alexnet.pth", weights_only=False),  # as torchvision does
    )
    with pytest.raises(RestoraError, match="LPIPS: the weights hold more than tensors; remove them"):
        perceptual.lpips(BRIGHT, BRIGHT)
    assert not (tmp_path / "executed").exists()
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "lpips", None)
    perceptual._lpips.cache_clear()
    with pytest.raises(RestoraError, match=r"pip install 'restora\[lpips\]'"):
        perceptual.lpips(BRIGHT, BRIGHT)


def test_the_protocol_of_defocus_has_it_where_it_is_asked_for(package):
    assert "lpips" not in PROTOCOLS["dpdd"].metrics
    scores = protocol("dpdd-lpips").scores(BRIGHT + 0.5, BRIGHT)
    assert list(scores) == ["psnr", "ssim", "mae", "lpips"]
    assert scores["lpips"] == pytest.approx(0.25)  # clamped before


def test_dists_is_called_with_images_in_the_unit_range(monkeypatch, package):
    class DISTSNetwork(torch.nn.Module):
        def forward(self, image, reference):
            assert (image.shape, image.dtype) == ((1, 3, 8, 9), torch.float32)
            return (image - reference).abs().max()

    module = ModuleType("torchmetrics.functional.image.dists")
    module.__dict__["DISTSNetwork"] = DISTSNetwork
    for parent in ("torchmetrics", "torchmetrics.functional", "torchmetrics.functional.image"):
        monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    perceptual._dists.cache_clear()
    scores = protocol("perceptual").scores(BRIGHT + 0.5, BRIGHT)
    assert list(scores) == ["psnr", "lpips", "dists"]
    assert scores["dists"] == pytest.approx(1 - 191 / 255)  # clamped and rounded before
    assert scores["lpips"] == pytest.approx(scores["dists"])
    perceptual._dists.cache_clear()
    monkeypatch.setitem(sys.modules, module.__name__, None)
    with pytest.raises(RestoraError, match=r"pip install 'restora\[scores\]'"):
        perceptual.dists(BRIGHT, BRIGHT)
