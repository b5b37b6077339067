import numpy as np
import pytest
import torch

from restora.training.mixing import cutblur, mixup


def pairs(channels=3, batch=64):
    clean = (
        torch.arange(batch, dtype=torch.float32)[:, None, None, None].expand(batch, 3, 10, 12).contiguous()
    )
    return clean.repeat(1, channels // 3, 1, 1) + 1000, clean


@pytest.mark.parametrize("channels", [3, 6])
def test_cutblur_takes_a_rectangle_or_all_but_one_from_the_clean_image(channels):
    degraded, clean = pairs(channels)
    mixed = cutblur(degraded, clean, 0.5, np.random.default_rng(0))
    assert torch.equal(degraded, pairs(channels)[0])  # what came stays
    counts = []
    for image, before, after in zip(mixed, degraded, clean, strict=True):
        taken = image[0] == after[0]
        assert torch.equal(image, torch.where(taken, after.repeat(channels // 3, 1, 1), before))
        inside = taken if taken.float().mean() in (0, 1) or not _is_rectangle(~taken) else ~taken
        assert not taken.any() or _is_rectangle(inside)
        counts.append(int(taken.sum()))
    untouched = counts.count(0)
    assert 20 < untouched < 44
    assert any(0 < count < 60 for count in counts)
    assert any(60 < count < 120 for count in counts)


def _is_rectangle(mask):
    rows, columns = mask.any(1), mask.any(0)
    return bool(mask.any()) and bool((mask == rows[:, None] & columns[None]).all())


def test_mixup_blends_degraded_and_clean_alike_with_the_pair_before():
    degraded, clean = pairs()
    x, target = mixup(degraded, clean, 0.5, np.random.default_rng(0))
    torch.testing.assert_close(x, target + 1000)
    moved = clean[:, 0, 0, 0] - target[:, 0, 0, 0]  # the one before is 1 less, that of the first one 63 more
    unmixed = (moved == 0).sum()
    assert 20 < unmixed < 44
    assert ((moved[1:] >= 0) & (moved[1:] < 1)).all()


def test_no_share_mixes_nothing():
    degraded, clean = pairs()
    assert torch.equal(cutblur(degraded, clean, 0.0, np.random.default_rng(0)), degraded)
    x, target = mixup(degraded, clean, 0.0, np.random.default_rng(0))
    assert torch.equal(x, degraded)
    assert torch.equal(target, clean)
