import torch

from restora.degradations.scene_depth import landscape_depth, random_depth, smooth_noise


def test_every_image_spans_the_whole_range(generator):
    for field in (smooth_noise, random_depth, landscape_depth):
        depth = field(torch.zeros(5, 3, 33, 47), generator(0))
        assert depth.shape == (5, 1, 33, 47)
        torch.testing.assert_close(depth.amin((1, 2, 3)), torch.zeros(5))
        torch.testing.assert_close(depth.amax((1, 2, 3)), torch.ones(5))
        assert not torch.allclose(depth[0], depth[1])


def test_it_is_smooth_and_rises_to_the_top(generator):
    depth = random_depth(torch.zeros(16, 3, 128, 128), generator(0))
    assert depth.diff(dim=-1).abs().max() < 0.1
    assert depth.diff(dim=-2).abs().max() < 0.1
    assert (depth[:, :, :16].mean((1, 2, 3)) > depth[:, :, -16:].mean((1, 2, 3))).float().mean() > 0.9
    ramp = random_depth(torch.zeros(1, 3, 9, 4), generator(0), ramp=(1, 1))
    torch.testing.assert_close(ramp[0, 0, :, 2], torch.linspace(1, 0, 9))


def test_a_landscape_is_far_above_and_jumps_at_the_outlines_of_things(generator):
    depth = landscape_depth(torch.zeros(32, 3, 96, 96), generator(0))
    assert (depth[:, :, :12].mean((1, 2, 3)) > depth[:, :, -12:].mean((1, 2, 3))).float().mean() > 0.9
    sharpest = torch.maximum(
        depth.diff(dim=-1).abs().amax((1, 2, 3)), depth.diff(dim=-2).abs().amax((1, 2, 3))
    )
    assert (sharpest > 0.2).float().mean() > 0.8


def test_extreme_shapes(generator):
    assert landscape_depth(torch.zeros(1, 3, 1, 1), generator(0)).item() == 0
    assert landscape_depth(torch.zeros(1, 3, 2, 300), generator(0)).isfinite().all()
    assert random_depth(torch.zeros(1, 3, 1, 1), generator(0)).item() == 0
    assert random_depth(torch.zeros(1, 3, 2, 300), generator(0)).isfinite().all()
