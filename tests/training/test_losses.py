import math

import pytest
import torch

from restora.training.losses import l1_loss, multi_scale_loss, psnr_loss, reduced_targets


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
