import math

import numpy as np
import pytest
import torch
from contracts import check_loss

from restora.training.losses import (
    LOSSES,
    charbonnier_loss,
    edge_loss,
    l1_loss,
    ms_ssim_loss,
    multi_scale_loss,
    psnr_loss,
    reduced_targets,
)
from restora.training.sections import LossSection


def test_psnr_loss_is_minus_the_mean_psnr() -> None:
    clean = torch.zeros(2, 3, 4, 4)
    restored = torch.stack([torch.full((3, 4, 4), 0.1), torch.full((3, 4, 4), 0.2)])
    expected = (10 * math.log10(0.01) + 10 * math.log10(0.04)) / 2
    assert float(psnr_loss(restored, clean)) == pytest.approx(expected, abs=0.01)
    assert float(psnr_loss(clean, clean)) == pytest.approx(-50, abs=1e-4)


def test_quarter_target_averages_the_two_middle_pixels() -> None:
    clean = torch.arange(8.0).expand(1, 1, 8, 8)
    quarter, half, _ = reduced_targets(clean, 3)
    assert quarter[0, 0, 0].tolist() == [1.5, 5.5]
    assert half[0, 0, 0].tolist() == [0.5, 2.5, 4.5, 6.5]


def test_scales_are_weighted() -> None:
    clean = torch.zeros(1, 3, 8, 8)
    outputs = [torch.ones(1, 3, 4, 4), 2 * torch.ones(1, 3, 8, 8)]
    value = multi_scale_loss(outputs, clean, [(l1_loss, 10.0)], (0.1, 1.0))
    assert float(value) == pytest.approx(10 * (0.1 * 1 + 1.0 * 2))
    with pytest.raises(ValueError, match="2 scales, scale_weights has 1"):
        multi_scale_loss(outputs, clean, [(l1_loss, 1.0)], (1.0,))


def test_charbonnier_is_the_absolute_error_away_from_zero() -> None:
    clean = torch.zeros(1, 3, 4, 4)
    assert float(charbonnier_loss(clean, clean)) == pytest.approx(1e-3)
    assert float(charbonnier_loss(clean + 0.5, clean)) == pytest.approx(0.5, abs=2e-6)


def laplacian(x: np.ndarray) -> np.ndarray:
    """The Laplacian image of one channel, pixel by pixel."""
    taps = np.array([0.05, 0.25, 0.4, 0.25, 0.05])

    def blurred(y: np.ndarray) -> np.ndarray:
        padded = np.pad(y, 2, mode="edge")
        rows, columns = y.shape
        return sum(
            a * b * padded[i : i + rows, j : j + columns]
            for i, a in enumerate(taps)
            for j, b in enumerate(taps)
        )

    coarse, raised = blurred(x), np.zeros_like(x)
    for i in range(0, x.shape[0], 2):
        for j in range(0, x.shape[1], 2):
            raised[i, j] = 4 * coarse[i, j]
    return x - blurred(raised)


def test_edge_loss_compares_laplacian_images() -> None:
    restored, clean = np.random.default_rng(0).random((2, 2, 3, 9, 12))
    errors = [
        np.sqrt((laplacian(a) - laplacian(b)) ** 2 + 1e-6)
        for a, b in zip(restored.reshape(-1, 9, 12), clean.reshape(-1, 9, 12), strict=True)
    ]
    value = edge_loss(torch.from_numpy(restored), torch.from_numpy(clean))
    assert float(value) == pytest.approx(np.mean(errors), rel=1e-9)


def test_edge_loss_ignores_brightness_away_from_the_borders() -> None:
    flat = torch.full((1, 1, 64, 64), 0.3)
    assert float(edge_loss(flat, torch.zeros_like(flat))) < 0.02
    stripes = flat.clone()
    stripes[..., ::2] = -0.3
    assert float(edge_loss(stripes, torch.zeros_like(flat))) > 0.2


@pytest.mark.parametrize("kind", LOSSES)
def test_every_loss_may_stand_in_a_recipe_and_keeps_the_contract(kind: str) -> None:
    assert LossSection(kind=kind, weight=1).kind == kind
    check_loss(kind)


def ms_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """MS-SSIM of two channels with peak 1, window by window: the product of Wang et al. (2003), eq. 7."""
    exponents = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
    bell = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(bell, bell) / bell.sum() ** 2
    product = 1.0
    for level, exponent in enumerate(exponents, start=1):
        luminances, structures = [], []
        for i in range(x.shape[0] - 10):
            for j in range(x.shape[1] - 10):
                a, b = x[i : i + 11, j : j + 11], y[i : i + 11, j : j + 11]
                mean_a, mean_b = (window * a).sum(), (window * b).sum()
                variance_a = (window * (a - mean_a) ** 2).sum()
                variance_b = (window * (b - mean_b) ** 2).sum()
                covariance = (window * (a - mean_a) * (b - mean_b)).sum()
                luminance = (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
                structures.append((2 * covariance + 0.03**2) / (variance_a + variance_b + 0.03**2))
                luminances.append(luminance * structures[-1])
        product *= np.mean(luminances if level == 5 else structures) ** exponent
        x, y = (z[: z.shape[0] // 2 * 2, : z.shape[1] // 2 * 2] for z in (x, y))
        x, y = (z.reshape(z.shape[0] // 2, 2, z.shape[1] // 2, 2).mean((1, 3)) for z in (x, y))
    return product


def test_ms_ssim_is_the_published_product() -> None:
    random = np.random.default_rng(0)
    clean = random.random((2, 1, 176, 180)).repeat(3, axis=1) * np.array([1, 0.5, 0.2]).reshape(1, 3, 1, 1)
    restored = 0.8 * clean + 0.1 * random.random(clean.shape) + np.array([0.1, 0.0]).reshape(2, 1, 1, 1)
    few = [(1, 2)]  # the slow way is slow
    expected = np.mean([ms_ssim(restored[image, channel], clean[image, channel]) for image, channel in few])
    values = [
        1 - float(ms_ssim_loss(*(torch.from_numpy(z[i : i + 1, c : c + 1]) for z in (restored, clean))))
        for i, c in few
    ]
    assert np.mean(values) == pytest.approx(expected, rel=1e-9)
    whole = ms_ssim_loss(torch.from_numpy(restored), torch.from_numpy(clean))
    parts = [
        float(ms_ssim_loss(*(torch.from_numpy(z[i : i + 1, c : c + 1]) for z in (restored, clean))))
        for i in range(2)
        for c in range(3)
    ]
    assert float(whole) == pytest.approx(np.mean(parts), rel=1e-9)


def test_ms_ssim_of_crops_of_any_size_is_a_number_with_gradients() -> None:
    for side in (11, 32, 100):
        clean = torch.rand(2, 3, side, side)
        assert float(ms_ssim_loss(clean, clean)) == pytest.approx(0, abs=1e-6)
        negative = (1 - clean).requires_grad_()
        loss = ms_ssim_loss(negative, clean)
        loss.backward()
        assert 0.5 < float(loss.detach()) <= 1
        assert bool(torch.isfinite(negative.grad).all())
    with pytest.raises(ValueError, match="at least 11 pixels, got 10"):
        ms_ssim_loss(clean[..., :10], clean[..., :10])
